(* EXPECT: timed_out FAILED tactic *)
Time Lemma a : True.
Proof. Time exact I. Time Qed.
Timeout 10 Lemma b : True.
Proof. Timeout 10 exact I. Qed.
Instructions Definition c := 1.
Set Default Timeout 20.
Lemma d : c = 1.
Proof. timeout 5 reflexivity. Qed.
Lemma timed_out : True.
Proof. timeout 1 (do 1000000000 (try fail)). exact I. Qed.
Time Goal True. Time exact I. Qed.
