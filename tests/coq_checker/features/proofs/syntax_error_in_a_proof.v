(* EXPECT: unclosed FAILED syntax *)
Lemma unclosed : True.
Proof. exact (I. Qed.
Lemma after : True.
Proof. exact I. Qed.
