(* EXPECT: ill_typed FAILED tactic *)
Lemma by_term : 1 = 1.
Proof eq_refl.
Lemma applied (A B : Prop) (f : A -> B) (a : A) : B.
Proof (f a).
Lemma ill_typed : 1 = 2.
Proof eq_refl.
Goal True.
Proof I.
