(* EXPECT: a INCOMPLETE open_goals *)
Lemma a : True.
Proof. idtac.