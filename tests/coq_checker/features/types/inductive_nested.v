Require Import List.
Inductive rose := Rose (children : list rose).
Fixpoint size (t : rose) : nat := match t with Rose l => S (fold_right (fun t n => size t + n) 0 l) end.
Lemma positive t : 0 < size t.
Proof. destruct t. simpl. apply le_n_S, le_0_n. Qed.
Definition rose_ind' (P : rose -> Prop) (H : forall l, Forall P l -> P (Rose l)) : forall t, P t.
Proof.
  fix self 1. intros [l]. apply H.
  induction l; constructor; [apply self | exact IHl].
Qed.
