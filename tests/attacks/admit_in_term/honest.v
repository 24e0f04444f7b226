Proof.
  induction n as [|n IH]; intros m.
  - exact ltac:(now rewrite <- plus_n_O).
  - simpl. now rewrite IH, plus_n_Sm.
Qed.
