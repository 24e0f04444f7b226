Program Definition goal : forall n m : nat, n + m = m + n := _.
