Proof.
  Print All.
  reflexivity.
Qed.
