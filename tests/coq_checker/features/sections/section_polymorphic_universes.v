Section Poly.
  Set Universe Polymorphism.
  Universe u.
  Polymorphic Variable A : Type@{u}.
  Polymorphic Definition id_of (a : A) : A := a.
  Polymorphic Lemma id_of_is_id (a : A) : id_of a = a.
  Proof. reflexivity. Qed.
End Poly.
Check id_of@{Set}.
