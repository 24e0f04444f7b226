(* EXPECT: file comment *)
Lemma a : True.
Proof. exact I. Qed.
(* Lemma b : True.
