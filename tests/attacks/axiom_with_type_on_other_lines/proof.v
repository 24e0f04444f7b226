Proof.
  destruct (long_axiom eq_refl).
Qed.
