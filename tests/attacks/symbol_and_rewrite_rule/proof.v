Symbol cheat : False.
Rewrite Rule r := cheat => cheat.
Theorem goal : forall n m : nat, n + m = m + n.
Proof. intros. exfalso. exact cheat. Qed.
