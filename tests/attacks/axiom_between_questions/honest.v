Print True. Compute 1. Eval simpl in I.
Theorem goal : True.
Proof. Guarded. Print True. exact I. Qed.
Print goal.
