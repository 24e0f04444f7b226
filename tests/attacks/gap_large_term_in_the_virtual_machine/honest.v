Proof. reflexivity. Qed.
