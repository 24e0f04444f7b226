(* EXPECT: a ERROR environment *)
(* EXPECT: b ERROR environment *)
Lemma before : True.
Proof. exact I. Qed.
Lemma a : 1 = true.
Proof. exact I. Qed.
Lemma b : True.
Proof. exact I. Qed.
