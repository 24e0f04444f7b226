Class Show (A : Type) := show : A -> nat.
#[export] Hint Mode Show + : typeclass_instances.
Instance show_nat : Show nat := fun n => n.
Instance show_pair A B : Show A -> Show B -> Show (A * B) | 3 := fun sa sb p => show (fst p) + show (snd p).
Definition wrapped := nat.
Typeclasses Opaque wrapped.
Fail Definition no : Show wrapped := _.
Typeclasses Transparent wrapped.
Definition yes : Show wrapped := _.
Lemma shown : show (1, (2, 3)) = 6.
Proof. reflexivity. Qed.
Lemma by_eauto : Show (nat * nat).
Proof. typeclasses eauto. Qed.
