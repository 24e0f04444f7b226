Generalizable Variables A R x y.
Class Sym {A} (R : A -> A -> Prop) := sym : forall x y, R x y -> R y x.
Lemma flipped `{Sym A R} x y : R x y -> R y x.
Proof. apply sym. Qed.
Lemma general : `(x = y -> y = x :> nat).
Proof. intros x y e. now symmetry. Qed.
Instance eq_sym_inst `(A : Type) : Sym (@eq A).
Proof. intros a b e. now symmetry. Qed.
Implicit Types n m : nat.
Lemma typed n m : n = m -> m = n.
Proof. apply flipped. Qed.
