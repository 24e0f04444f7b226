Proof.
  intros n m. admit.
Defined.
