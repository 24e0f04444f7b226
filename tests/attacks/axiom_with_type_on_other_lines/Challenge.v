Definition odd := False.
Notation "'ODD'" := odd (only printing, format "'//' 'ODD'").
Axiom long_axiom : odd = odd -> False.

Theorem goal : forall n m : nat, n + m = m + n.
