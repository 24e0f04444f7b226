Theorem goal {H : False} : forall n m : nat, n + m = m + n.
Proof. destruct H. Qed.
