Proof.
  Add LoadPath "/tmp" as Cheat.
  intros n m. lia.
Qed.
