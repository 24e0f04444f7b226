Proof.
  Print Universes "/tmp/cheat.dot".
  intros n m. lia.
Qed.
