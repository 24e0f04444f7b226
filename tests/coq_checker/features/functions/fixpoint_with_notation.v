Reserved Notation "n ++ m" (at level 60, right associativity).
Fixpoint add (n m : nat) {struct n} : nat :=
  match n with 0 => m | S p => S (p ++ m) end
where "n ++ m" := (add n m).
Lemma zero n : n ++ 0 = n.
Proof. induction n; simpl; congruence. Qed.
Fixpoint vsum (n : nat) {struct n} : nat.
Proof. exact (match n with 0 => 0 | S p => n ++ vsum p end). Defined.
