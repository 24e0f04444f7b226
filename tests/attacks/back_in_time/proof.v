Proof.
  Back 2.
  intros n m. lia.
Qed.
