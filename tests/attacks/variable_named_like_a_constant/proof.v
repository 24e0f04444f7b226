Proof.
  intros H. exact H.
Qed.
