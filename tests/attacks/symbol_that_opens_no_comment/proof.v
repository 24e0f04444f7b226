Notation "x !( y" := (x + y) (at level 50).
Check 1 !(* 1. Load "/tmp/cheat". Check 1 !( *) 1.
Theorem goal : forall n m : nat, n + m = m + n.
Proof. intros. exfalso. exact cheat. Qed.
