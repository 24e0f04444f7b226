(* Checks that were switched off, for whole blocks of inductives, for axioms, and by attribute. *)
Axiom ok : nat.
Unset Universe Checking.
Axiom U1 : Type.
Inductive Ti : Type := ti (x : Type) | tj.
Definition usesti := tj.
Set Universe Checking.
Unset Guard Checking.
Axiom G1 : nat.
Fixpoint bad (n : nat) : False := bad n.
Inductive Ig : Set := ig0 : nat -> Ig | ig1 with Jg : Set := jg : Ig -> Jg.
Set Guard Checking.
Unset Positivity Checking.
Inductive P : Set := p : (P -> False) -> P with Q : Set := q : P -> Q.
Set Positivity Checking.
Theorem x1 : False. exact (bad 0). Qed.
Theorem x2 : False -> Q. intros []. Qed.
Theorem x3 : nat. exact G1. Qed.
Definition x4 := jg ig1.
#[bypass_check(guard)] Fixpoint bad2 (n : nat) : False := bad2 n.
#[bypass_check(positivity)] Inductive P2 : Set := p2 : (P2 -> False) -> P2.
#[bypass_check(universes)] Definition u2 : Type := (fun x : Type => x) Type.
Definition x5 := (bad2, P2, u2).
(* ASK ok U1 Ti ti tj usesti bad Ig ig0 Jg jg P p Q q G1 x1 x2 x3 x4 bad2 P2 p2 u2 x5 *)
