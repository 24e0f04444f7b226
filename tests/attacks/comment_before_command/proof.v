Proof.
  (* a tactic (* and *) *) Redirect (* " *) *) " *) "/tmp/cheat" Check nat.
  intros n m. lia.
Qed.
