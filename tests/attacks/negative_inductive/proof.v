Inductive loop := Loop (f : loop -> False).
Definition run (l : loop) : False := match l with Loop f => f l end.
Definition cheat : False := run (Loop run).
Theorem goal : forall n m : nat, n + m = m + n.
Proof. intros. exfalso. exact cheat. Qed.
