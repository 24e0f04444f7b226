Proof.
  exact NNPP.
Qed.
