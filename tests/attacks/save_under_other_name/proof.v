Proof.
  intros n m. Save other.
  intros n m. lia.
Qed.
