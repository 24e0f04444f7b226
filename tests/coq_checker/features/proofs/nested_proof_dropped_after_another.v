(* EXPECT: outer FAILED tactic *)
(* EXPECT: inner FAILED tactic *)
(* EXPECT: dropped FAILED tactic *)
Set Nested Proofs Allowed.
Lemma outer : True.
Proof.
  Lemma inner : True. Proof. exact I. Qed.
  Lemma dropped : False. Abort.
  exact inner.
Qed.
Lemma after : True.
Proof. exact I. Qed.
