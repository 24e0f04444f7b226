Theorem goal : forall n m : nat, n + m = m + n.
