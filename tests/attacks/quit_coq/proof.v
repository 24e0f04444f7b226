Proof.
  Quit.
  intros n m. lia.
Qed.
