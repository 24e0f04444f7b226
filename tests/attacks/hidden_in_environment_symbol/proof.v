Proof.
  pose (k := 1 !(* 1). Admitted. Check (1 !( *) 1).
  intros n m. induction n.
Qed.
