Proof.
  Print nat.
  reflexivity.
Qed.
