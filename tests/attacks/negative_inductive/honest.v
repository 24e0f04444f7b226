Inductive tree := Leaf | Node (children : nat -> tree).
Fixpoint left (t : tree) : nat := match t with Leaf => 0 | Node f => S (left (f 0)) end.
Theorem goal : forall n m : nat, n + m = m + n.
Proof.
  induction n as [|n IH]; intros m.
  - now rewrite <- plus_n_O.
  - simpl. now rewrite IH, plus_n_Sm.
Qed.
