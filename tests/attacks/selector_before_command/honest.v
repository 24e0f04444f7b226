Proof.
  induction n as [|n IH]; intros m.
  all: simpl.
  2: rewrite IH.
  2: { now rewrite plus_n_Sm. }
  1: now rewrite <- plus_n_O.
Qed.
