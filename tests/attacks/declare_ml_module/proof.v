Proof.
  Declare ML Module "coq-core.plugins.extraction".
  intros n m. lia.
Qed.
