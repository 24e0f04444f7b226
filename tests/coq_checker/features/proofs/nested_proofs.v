(* EXPECT: wrong FAILED tactic *)
Set Nested Proofs Allowed.
Lemma outer : True /\ True.
Proof.
  Lemma inner : True.
  Proof. exact I. Qed.
  split; exact inner.
Qed.
Lemma wrong : False.
Proof. exact I. Qed.
Goal True. exact I. Qed.
Lemma after : True. Admitted.
