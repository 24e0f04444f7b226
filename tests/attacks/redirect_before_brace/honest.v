Proof.
  induction n as [|n IH]; intros m.
  2: { simpl. now rewrite IH, plus_n_Sm. }
  { now rewrite <- plus_n_O. }
Qed.
