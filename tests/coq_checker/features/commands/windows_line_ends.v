(* EXPECT: wrong FAILED tactic *)
Lemma a : True.
Proof.
  exact I.
Qed.
Lemma wrong : False.
Proof.
  exact I.
Qed.
Goal 1 = 1.
reflexivity.
Defined.
