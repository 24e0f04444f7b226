Proof.
  intros n m.
  pose (k := 1 !(* 1). Admitted. (* *) Check 1 *) .
