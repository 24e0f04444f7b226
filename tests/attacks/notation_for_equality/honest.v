Notation "x <=> y" := (x = y) (at level 70).
Local Notation "[ x ; .. ; y ]" := (cons x .. (cons y nil) ..).
Theorem goal : forall n m : nat, n + m <=> m + n.
Proof.
  induction n as [|n IH]; intros m.
  - now rewrite <- plus_n_O.
  - simpl. now rewrite IH, plus_n_Sm.
Qed.
