Axiom choice : forall A : Type, A -> A.
Parameters (n m : nat) (P : nat -> Prop).
Conjecture hard : P n.
#[local] Axiom local_one : 1 = 1.
Lemma easy : P n.
Proof. exact hard. Qed.
Theorem one : 1 = 1.
Proof. exact local_one. Qed.
