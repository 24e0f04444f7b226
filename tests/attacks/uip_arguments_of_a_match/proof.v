Inductive same (A : Type) (a : A) : A -> SProp := same_refl : same A a a.

Theorem goal : False.
Proof.
  assert (H : forall (x y : nat) (e : same nat x y),
    (match e return nat -> nat with same_refl _ _ => fun n => n end) 0
    = (match e return nat -> nat with same_refl _ _ => fun n => n end) 1).
  { intros x y e. match goal with |- ?left = _ => exact_no_check (eq_refl left) end. }
  discriminate (H 0 0 (same_refl nat 0)).
Qed.
