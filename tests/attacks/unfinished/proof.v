Proof.
  intros n m.
  induction n as [|n IH].
  - now rewrite <- plus_n_O.
