Proof.
  Restart.
  intros n m. lia.
Qed.
