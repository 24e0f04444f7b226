Proof.
  Drop.
  intros n m. lia.
Qed.
