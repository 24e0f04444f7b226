Proof.
  Succeed (intros; reflexivity).
  intros n m. lia.
Qed.
