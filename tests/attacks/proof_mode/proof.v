Proof.
  Proof Mode "Noedit".
  intros n m. lia.
Qed.
