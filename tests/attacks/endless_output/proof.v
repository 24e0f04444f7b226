Proof.
  Search _.
  intros n m.
Qed.
