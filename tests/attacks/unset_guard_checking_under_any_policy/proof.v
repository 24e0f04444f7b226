Local Unset Guard Checking.
Fixpoint cheat_at (n : nat) : False := cheat_at n.
Definition cheat := cheat_at 0.
Theorem goal : forall n m : nat, n + m = m + n.
Proof. intros. exfalso. exact cheat. Qed.
