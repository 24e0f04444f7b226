(** Propositions, with and without the law of excluded middle. *)

Require Import Classical_Prop.

Theorem and_or_distribute (P Q R : Prop) : P /\ (Q \/ R) <-> (P /\ Q) \/ (P /\ R).
Proof. tauto. Qed.

Theorem contrapositive (P Q : Prop) : (P -> Q) -> ~ Q -> ~ P.
Proof.
  intros implies no_q p. exact (no_q (implies p)).
Qed.

Theorem not_not_excluded_middle (P : Prop) : ~ ~ (P \/ ~ P).
Proof.
  intros absurd. apply absurd. right. intros p. apply absurd. now left.
Qed.

(** This one needs the axiom [classic] of the library: it has no constructive proof. *)

Theorem peirce (P Q : Prop) : ((P -> Q) -> P) -> P.
Proof.
  intros trick. destruct (classic P) as [p | no_p].
  - assumption.
  - apply trick. intros p. contradiction.
Qed.

Theorem drinker (A : Type) (someone : A) (drinks : A -> Prop) :
  exists x, drinks x -> forall y, drinks y.
Proof.
  destruct (classic (exists x, ~ drinks x)) as [[x sober] | all].
  - exists x. intros drinking. contradiction.
  - exists someone. intros _ y. apply NNPP. intros sober. apply all. now exists y.
Qed.

(** Equality tests as a type class: the instances are found by proofs. *)

Class Decidable_eq (A : Type) := eq_decide : forall x y : A, { x = y } + { x <> y }.

#[export] Instance bool_decidable : Decidable_eq bool.
Proof. intros x y. decide equality. Defined.

#[export] Instance pair_decidable (A B : Type) (decide_a : Decidable_eq A) (decide_b : Decidable_eq B) :
  Decidable_eq (A * B).
Proof.
  intros [a b] [a' b'].
  destruct (eq_decide a a') as [-> | differ]; [| right; congruence].
  destruct (eq_decide b b') as [-> | differ]; [now left | right; congruence].
Defined.

Goal forall x y : bool * bool, x = y \/ x <> y.
Proof. intros x y. destruct (eq_decide x y); auto. Qed.
