Proof.
  Undo 1.
  intros n m. lia.
Qed.
