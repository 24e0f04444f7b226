Primitive int := #int63_type.
Primitive add := #int63_add.
Register int as num.int63.type.
Definition twice (n : int) : int := add n n.
Lemma same (n : int) : twice n = add n n.
Proof. reflexivity. Qed.
