Proof.
  Reset goal.
  intros n m. lia.
Qed.
