Proof.
  Redirect "/tmp/cheat" Check nat.
  intros n m. lia.
Qed.
