(* EXPECT: file Inner is not closed *)
Module Outer.
  Lemma a : True.
  Proof. exact I. Qed.
  Module Type Inner.
    Axiom b : False.
    Lemma c : False.
    Proof. exact b. Qed.
