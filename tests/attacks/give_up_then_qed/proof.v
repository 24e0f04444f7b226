Proof.
  intros n m; destruct n; give_up.
Qed.
