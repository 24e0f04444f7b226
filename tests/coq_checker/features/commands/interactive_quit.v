(* EXPECT: after ERROR environment *)
Lemma before : True.
Proof. exact I. Qed.
Quit.
Lemma after : True.
Proof. exact I. Qed.
