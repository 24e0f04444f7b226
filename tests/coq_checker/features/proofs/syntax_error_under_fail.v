(* EXPECT: after ERROR environment *)
Lemma before : True.
Proof. exact I. Qed.
Fail Lemma no : (True.
Lemma after : True.
Proof. exact I. Qed.
