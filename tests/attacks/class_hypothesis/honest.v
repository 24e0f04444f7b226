Class Sum (f : nat -> nat -> nat) := sum_zero : forall n, f n 0 = n.
Instance plus_sum : Sum plus.
Proof. intros n. now rewrite <- plus_n_O. Qed.
Theorem goal : forall n m : nat, n + m = m + n.
Proof.
  induction n as [|n IH]; intros m.
  - now rewrite sum_zero.
  - simpl. now rewrite IH, plus_n_Sm.
Qed.
