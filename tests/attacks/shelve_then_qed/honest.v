Proof.
  induction n as [|n IH]; intros m.
  - shelve.
  - simpl. now rewrite IH, plus_n_Sm.
  Unshelve.
  now rewrite <- plus_n_O.
Qed.
