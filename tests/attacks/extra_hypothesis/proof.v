Theorem goal : forall (H : False) (n m : nat), n + m = m + n.
Proof. intros H. destruct H. Qed.
