Require Import Bool.
Structure eqType := EqType { sort :> Type; eqb : sort -> sort -> bool }.
Canonical nat_eq := EqType nat Nat.eqb.
Canonical Structure bool_eq : eqType.
Proof. refine (EqType bool _). exact Bool.eqb. Defined.
Canonical prod_eq (A B : eqType) : eqType.
Proof. exact (EqType (A * B) (fun p q => andb (eqb A (fst p) (fst q)) (eqb B (snd p) (snd q)))). Defined.
Definition unit_eq : eqType. exact (EqType unit (fun _ _ => true)). Defined.
Canonical Structure unit_eq.
Lemma inferred : eqb _ ((1, true) : prod_eq nat_eq bool_eq) (1, true) = true.
Proof. reflexivity. Qed.
