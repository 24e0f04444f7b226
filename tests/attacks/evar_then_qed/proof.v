Proof.
  intros n m. unshelve eapply (eq_trans (y := _)). shelve. shelve. shelve.
Qed.
