Ltac step := simpl; try rewrite <- plus_n_O; auto.
Theorem goal : forall n m : nat, n + m = m + n.
Proof.
  induction n as [|n IH]; intros m.
  - now step.
  - step. now rewrite IH, plus_n_Sm.
Qed.
