(* EXPECT: a FAILED tactic *)
(* EXPECT: after ERROR environment *)
Lemma a : True.
Proof. idtac. Time Back. exact I. Qed.
Lemma b : True.
Proof. exact I. Qed.
Fail Back 2.
Lemma after : True.
Proof. exact I. Qed.
