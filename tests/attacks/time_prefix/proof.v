Proof.
  Time intros.
  intros n m. lia.
Qed.
