Proof.
  exact_no_check I.
Qed.
