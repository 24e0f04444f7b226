Notation "x !( y" := (x + y) (at level 50).
Notation "* y" := (S y) (at level 30).

Theorem goal : forall n m : nat, n + m = m + n.
