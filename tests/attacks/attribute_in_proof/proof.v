Proof.
  #[local] Hint Resolve plus_n_O : core.
  intros n m. lia.
Qed.
