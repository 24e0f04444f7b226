Proof.
  intros n m.
Admitted.
