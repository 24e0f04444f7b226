Proof.
  Recursive Extraction Library Nat.
  intros n m. lia.
Qed.
