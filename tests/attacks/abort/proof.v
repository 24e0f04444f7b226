Proof.
  intros n m.
Abort.
