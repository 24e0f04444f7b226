(* EXPECT: after ERROR environment *)
Lemma a : True.
Proof. exact I. Qed.
Back.
Lemma after : True.
Proof. exact I. Qed.
