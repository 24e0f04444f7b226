Proof.
  intros H. symmetry. exact H.
Qed.
