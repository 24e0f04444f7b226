Definition diamond (n m : nat) := n + m.
Notation "x !( y" := (diamond x y) (at level 50).
Notation "* y" := (S y) (at level 30).
Notation "x *)" := (S x) (at level 30).
Notation "x +. y" := (diamond x y) (at level 50).

Theorem goal : forall n m : nat, n + m = m + n.
