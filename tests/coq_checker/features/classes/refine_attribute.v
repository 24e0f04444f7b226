Class Mon (A : Type) := { zero : A; op : A -> A -> A; zero_op : forall x, op zero x = x; op_zero : forall x, op x zero = x }.
#[refine] Instance plus : Mon nat := { zero := 0; op := Nat.add }.
Proof. - reflexivity. - intro x. induction x; simpl; congruence. Qed.
#[export, refine] Instance : Mon unit := { zero := tt; op _ _ := tt }.
Proof. all: now intros []. Defined.
