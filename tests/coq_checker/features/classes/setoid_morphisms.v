(* EXPECT: S_no_Proper FAILED tactic *)
Require Import Arith Setoid Morphisms.
Definition mod2 (n m : nat) := Nat.even n = Nat.even m.
Add Parametric Relation : nat mod2
  reflexivity proved by (fun x => eq_refl)
  symmetry proved by (fun x y e => eq_sym e)
  transitivity proved by (fun x y z a b => eq_trans a b) as mod2_rel.
Add Morphism S with signature mod2 ==> mod2 as S_mod2.
Proof. intros x y e. unfold mod2 in *. rewrite !PeanoNat.Nat.even_succ, <- !PeanoNat.Nat.negb_even. now f_equal. Qed.
Add Parametric Morphism (n : nat) : (fun m : nat => n) with signature mod2 ==> eq as const_mod2.
Proof. reflexivity. Qed.
Lemma rewritten a b : mod2 a b -> mod2 (S a) (S b).
Proof. intro e. rewrite e. reflexivity. Qed.
Add Morphism S with signature mod2 ==> eq as S_no.
Proof. reflexivity. Qed.
