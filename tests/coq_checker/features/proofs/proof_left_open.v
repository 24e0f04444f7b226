(* EXPECT: last INCOMPLETE open_goals *)
Lemma before : True.
Proof. exact I. Qed.
Lemma last : True /\ True.
Proof. split. exact I.
