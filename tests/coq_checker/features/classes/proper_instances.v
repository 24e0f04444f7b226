Require Import Setoid Morphisms.
Definition same (f g : nat -> nat) := forall n, f n = g n.
#[export] Instance same_equiv : Equivalence same.
Proof. split; [easy | intros f g e n; now symmetry | intros f g h e k n; now rewrite e]. Qed.
#[export] Instance at_proper : Proper (same ==> eq ==> eq) (fun f n => f n).
Proof. intros f g e n m ->. apply e. Qed.
Add Setoid (nat -> nat) same same_equiv as same_setoid.
Lemma trans f g h : same f g -> same g h -> same f h.
Proof. intros a b. rewrite a. exact b. Qed.
