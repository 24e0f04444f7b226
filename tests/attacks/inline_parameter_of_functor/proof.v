Module Type T. Parameter Inline(1) f : nat -> False. End T.
Module F (X : T). Definition cheat := X.f 0. End F.
Local Unset Guard Checking.
Module M. Fixpoint f (n : nat) : False := f n. End M.
Module R := F M.
Theorem goal : False.
Proof. exact R.cheat. Qed.
