Fixpoint double (n : nat) : nat.
Proof. destruct n as [|k]; [exact 0 | exact (S (S (double k)))]. Defined.
Theorem goal : forall n m : nat, n + m = m + n.
Proof.
  induction n as [|n IH]; intros m.
  - now rewrite <- plus_n_O.
  - simpl. now rewrite IH, plus_n_Sm.
Qed.
