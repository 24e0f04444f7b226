Proof.
  intros n m. shelve.
Qed.
