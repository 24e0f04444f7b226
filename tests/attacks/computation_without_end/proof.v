Proof.
  Compute burn 200.
  reflexivity.
Qed.
