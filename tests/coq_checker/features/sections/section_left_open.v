(* EXPECT: file S is not closed *)
Lemma before : True.
Proof. exact I. Qed.
Section S.
  Variable n : nat.
  Lemma inside : n = n.
  Proof. reflexivity. Qed.
