Proof.
  intros n m; destruct n; all: give_up.
Qed.
