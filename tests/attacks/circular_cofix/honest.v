Proof.
  cofix proof. constructor. exact proof.
Qed.
