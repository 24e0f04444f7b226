Proof.
  Cd "/".
  intros n m. lia.
Qed.
