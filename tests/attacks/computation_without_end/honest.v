Proof.
  Compute burn 3. Eval lazy in burn 3.
  reflexivity.
Qed.
