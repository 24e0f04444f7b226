(* EXPECT: file string *)
Lemma a : True.
Proof. exact I. Qed.
Comments "open.
