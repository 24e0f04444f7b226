Proof.
  intros n m.
  pose (a := 1 +. 1); pose (b := 1 +. 1).
  pose (k := 1 !(* 1). Admitted. (* *) Check 1 *) .
Qed.
