Module Type T. Parameter cheat : False. End T.
Declare Module M : T.
Import M.
Theorem goal : forall n m : nat, n + m = m + n.
Proof. intros. exfalso. exact cheat. Qed.
