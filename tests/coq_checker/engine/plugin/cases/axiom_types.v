(* What the type of an axiom names: it counts since Rocq 9.2. *)
Axiom base : nat.
Axiom other : base = base.
Axiom further : forall e : base = base, e = other -> other = e.
Definition through := S base.
Lemma sealed : through = through. Proof. reflexivity. Qed.
Axiom by_body : through = 0.
Axiom by_opaque : sealed = sealed.
Inductive I : Set := i : (fun _ : nat => nat) base -> I.
Axiom by_inductive : I.
Axiom by_constructor : i 0 = i 0.
Axiom by_match : match sealed with eq_refl => nat end.
Axiom by_let : let x := base in x = x.
Unset Positivity Checking.
Inductive P : Set := p : (P -> False) -> P.
Set Positivity Checking.
Axiom unsafe : P.
#[bypass_check(guard)] Fixpoint loop (n : nat) : nat := loop n.
Axiom looping : loop 0 = 0.
#[bypass_check(universes)] Axiom collapsed : by_opaque = by_opaque.
Theorem admitted : further = further. Admitted.
Theorem uses : nat. Proof. exact (let _ := (admitted, unsafe, looping) in 0). Qed.
(* ASK base other further by_body by_opaque by_inductive by_constructor by_match by_let unsafe looping
  collapsed admitted uses *)

(* An axiom whose absurdity is used: its type does not count there. *)
Inductive Empty (n : nat) : Set := .
Axiom none : Empty base.
Definition absurd : nat := match none return nat with end.
Definition absurd_again : nat := absurd + absurd.
Axiom by_absurd : match none return Set with end.
Definition apart : nat := let unused := none in 0.
Definition apart_first : nat := let unused := none in match none return nat with end.
(* ASK absurd absurd_again by_absurd apart apart_first none *)

Section S.
Variable x : nat.
Hypothesis h : x = base.
Axiom of_variable : x = 0.
Axiom of_hypothesis : h = h.
Definition inside := (of_variable, of_hypothesis).
(* ASK x h of_variable of_hypothesis inside *)
End S.
(* ASK of_variable of_hypothesis inside *)

Module Type T.
Parameter t : Set.
Parameter a : t.
Axiom e : a = a.
End T.
Module Hides : T.
Axiom hidden : Set.
Definition t := hidden.
Axiom a : t.
Axiom e : a = a.
End Hides.
Module Absurd : T.
Axiom hidden : Empty base.
Definition t : Set := match hidden return Set with end.
Axiom a : t.
Lemma e : a = a. Proof. reflexivity. Qed.
End Absurd.
Module Both : T.
Axiom hidden : Empty base.
Definition t : Set := Empty base.
Definition a : t := hidden.
Lemma e : a = a. Proof. exact (match hidden return a = a with end). Qed.
End Both.
Declare Module Given : T.
Module F (X : T).
Axiom of_parameter : X.t.
Axiom of_axiom : of_parameter = X.a.
Definition g := of_axiom.
(* ASK X.t X.a X.e of_parameter of_axiom g *)
End F.
Module FH := F Hides.
Module FG := F Given.
Module Alias := Hides.
Module Included. Include F Hides. End Included.
(* ASK Hides.t Hides.a Hides.e Absurd.t Absurd.a Absurd.e Both.t Both.a Both.e Given.t Given.a Given.e
  FH.of_parameter FH.of_axiom FH.g FG.of_parameter FG.of_axiom FG.g Alias.a Alias.e Included.of_axiom Included.g *)
Module Open.
Module W : T := Hides.
Axiom here : W.t.
Definition both := (here, FH.g, Both.e, Absurd.a).
(* ASK W.t W.a W.e here both Hides.e Absurd.e Both.e FG.g *)
End Open.
(* ASK Open.W.e Open.here Open.both *)

Set Universe Polymorphism.
Axiom poly@{u} : Type@{u}.
Axiom of_poly@{u} : poly@{u}.
Definition poly_use@{u} := of_poly@{u}.
(* ASK poly of_poly poly_use *)
