Class Refl {A} (R : A -> A -> Prop) := refl : forall x, R x x.
Class Trans {A} (R : A -> A -> Prop) := trans : forall x y z, R x y -> R y z -> R x z.
Class Pre {A} (R : A -> A -> Prop) := { pre_refl :: Refl R; pre_trans :: Trans R }.
Instance le_pre : Pre le.
Proof. split; [exact le_n | intros x y z a b; induction b; auto]. Qed.
Lemma used {A} (R : A -> A -> Prop) `{Pre A R} (x : A) : R x x.
Proof. apply refl. Qed.
Lemma five : 5 <= 5.
Proof. exact (used _ 5). Qed.
