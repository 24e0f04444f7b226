Proof.
  split; [exact I | intros H; exact H].
Qed.
