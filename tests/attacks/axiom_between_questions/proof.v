Axiom cheat : forall P : Prop, P.
Print cheat. Compute 1. Eval simpl in cheat.
Theorem goal : False.
Proof. Guarded. Print cheat. exact (cheat False). Qed.
Print goal.
