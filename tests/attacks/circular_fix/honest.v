Proof.
  fix proof 1. intros [|n] m.
  - now rewrite <- plus_n_O.
  - simpl. now rewrite proof, plus_n_Sm.
Qed.
