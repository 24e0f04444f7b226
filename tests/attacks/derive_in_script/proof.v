Derive Inversion cheat with (0 = 1) Sort Prop.
Theorem goal : forall n m : nat, n + m = m + n.
Proof. intros. exfalso. exact cheat. Qed.
