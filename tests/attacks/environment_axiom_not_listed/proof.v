Proof.
  destruct absurd_axiom.
Qed.
