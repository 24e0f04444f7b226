Proof.
  Set Default Timeout 1000000.
  intros n m. lia.
Qed.
