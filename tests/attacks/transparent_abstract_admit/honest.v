Proof.
  induction n as [|n IH]; intros m.
  - transparent_abstract (now rewrite <- plus_n_O).
  - simpl. now rewrite IH, plus_n_Sm.
Qed.
