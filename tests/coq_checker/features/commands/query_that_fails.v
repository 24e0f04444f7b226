(* EXPECT: after ERROR environment *)
Lemma before : True.
Proof. exact I. Qed.
Check no_such_thing.
Lemma after : True.
Proof. exact I. Qed.
