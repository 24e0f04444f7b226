(* EXPECT: b FAILED syntax *)
Lemma a : True.
Proof. exact I. Qed.
Lemma b : True.
Proof. exact I. Qed.
