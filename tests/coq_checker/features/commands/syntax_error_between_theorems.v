(* EXPECT: after ERROR environment *)
Lemma before : True.
Proof. exact I. Qed.
Definitoin x := 1.
Lemma after : True.
Proof. exact I. Qed.
