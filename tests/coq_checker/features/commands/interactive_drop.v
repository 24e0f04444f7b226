(* EXPECT: after ERROR environment *)
Lemma before : True.
Proof. exact I. Qed.
Drop.
Lemma after : True.
Proof. exact I. Qed.
