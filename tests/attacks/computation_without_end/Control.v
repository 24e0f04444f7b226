Fixpoint burn (n : nat) : bool := match n with O => true | S m => andb (burn m) (burn m) end.
Theorem goal : 1 + 1 = 2.
