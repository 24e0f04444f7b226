Theorem goal : forall n : nat, n = n -> False.
