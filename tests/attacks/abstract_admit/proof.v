Proof.
  intros n m. abstract admit.
Qed.
