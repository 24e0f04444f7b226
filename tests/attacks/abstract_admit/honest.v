Proof.
  induction n as [|n IH]; intros m.
  - abstract (now rewrite <- plus_n_O).
  - simpl. abstract (now rewrite IH, plus_n_Sm).
Qed.
