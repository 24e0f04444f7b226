Set Warnings "-declaration-outside-section,-context-outside-section".

Theorem goal : forall n m : nat, n + m = m + n.
