(* EXPECT: after ERROR environment *)
(* POLICY: it would take back what the checker has set up before the text *)
Lemma before : True.
Proof. exact I. Qed.
Reset Initial.
Lemma after : True.
Proof. exact I. Qed.
