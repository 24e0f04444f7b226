Proof.
  Redirect "/tmp/cheat" {
  intros n m. lia.
Qed.
