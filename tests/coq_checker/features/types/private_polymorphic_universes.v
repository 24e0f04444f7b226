Set Universe Polymorphism.
Set Private Polymorphic Universes.
Lemma some_type@{i} : Type@{i}.
Proof. exact (forall A : Prop, A -> A). Qed.
Unset Private Polymorphic Universes.
Monomorphic Lemma plain : True.
Proof. exact I. Qed.
Lemma declared@{i j | i < j} : Type@{j}.
Proof. exact Type@{i}. Qed.
Unset Strict Universe Declaration.
Lemma loose : Type@{k} -> Type.
Proof. exact (fun A => A). Defined.
