(* EXPECT: bad FAILED tactic *)
Class Pointed (A : Type) := point : A.
Instance nat_pointed : Pointed nat.
Proof. exact 0. Defined.
#[export] Instance bool_pointed : Pointed bool.
Proof. exact true. Qed.
#[local] Instance : Pointed unit.
Proof. exact tt. Qed.
Instance : Pointed (nat * nat).
Proof. exact (1, 1). Defined.
Instance bad : Pointed Empty_set.
Proof. exact tt. Qed.
Lemma resolved : point = 0.
Proof. reflexivity. Qed.
