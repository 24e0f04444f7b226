Theorem goal : forall n m : nat, n + m = m + n.
Proof. destruct (bad 0). Qed.
