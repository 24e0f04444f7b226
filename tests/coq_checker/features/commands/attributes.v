#[local] Lemma a : True. Proof. exact I. Qed.
Class Own (P : Prop) := own : P.
#[ export ] Instance eq_own : forall n : nat, Own (n = n). Proof. exact (@eq_refl nat). Qed.
#[universes(polymorphic), program] Definition b : nat. Proof. exact 1. Defined.
Local Theorem c : True. Proof. exact I. Qed.
Global Instance d : Own True. Proof. exact I. Qed.
