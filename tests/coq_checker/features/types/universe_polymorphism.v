Polymorphic Definition id@{u} (A : Type@{u}) (a : A) : A := a.
Polymorphic Lemma id_id@{u v | v < u} (A : Type@{v}) (f : Type@{v} -> nat) : f (id@{u} Type@{v} A) = f A.
Proof. reflexivity. Qed.
#[universes(polymorphic)] Theorem twice@{u +} {A : Type@{u}} (a : A) : id _ (id _ a) = a.
Proof. reflexivity. Qed.
Set Universe Polymorphism.
Polymorphic Cumulative Inductive box@{u} (A : Type@{u}) : Type@{u} := Box (a : A).
Lemma boxed@{+} (A : Type) : A -> box A.
Proof. exact (Box A). Defined.
Check id _ id : forall A : Type, A -> A.
