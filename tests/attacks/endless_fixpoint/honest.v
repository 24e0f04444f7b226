Fixpoint double (n : nat) : nat := match n with 0 => 0 | S k => S (S (double k)) end.
Theorem goal : forall n m : nat, n + m = m + n.
Proof.
  induction n as [|n IH]; intros m.
  - now rewrite <- plus_n_O.
  - simpl. now rewrite IH, plus_n_Sm.
Qed.
