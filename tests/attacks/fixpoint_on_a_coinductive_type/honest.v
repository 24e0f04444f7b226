Proof.
  pose (cycle := cofix cycle : endless := again cycle).
  exact I.
Qed.
