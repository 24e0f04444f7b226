Proof.
  intros n m. Defined other.
  intros n m. lia.
Qed.
