End Given.
Theorem goal : forall n : nat, n = n.
Proof. reflexivity. Qed.
