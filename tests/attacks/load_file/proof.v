Proof.
  Load "/tmp/cheat".
  intros n m. lia.
Qed.
