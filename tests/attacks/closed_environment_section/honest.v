Theorem goal : k + k = k.
Proof. now rewrite small. Qed.
