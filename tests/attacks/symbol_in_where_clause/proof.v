Inductive sum3 : nat -> nat -> Prop := Sum n : sum3 n 1 where "x +. y" := (sum3 x y).
Theorem goal : forall n m : nat, n + m = m + n.
Proof. intros. exfalso. exact cheat. Qed.
