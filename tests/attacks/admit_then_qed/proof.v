Proof.
  intros n m. admit.
Qed.
