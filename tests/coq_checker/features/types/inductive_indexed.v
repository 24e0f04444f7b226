Inductive vec (A : Type) : nat -> Type :=
| vnil : vec A 0
| vcons : forall n, A -> vec A n -> vec A (S n).
Arguments vnil {A}. Arguments vcons {A n}.
Definition head {A n} (v : vec A (S n)) : A := match v with vcons a _ => a end.
Lemma inversion_of {A} (v : vec A 0) : v = vnil.
Proof. refine (match v with vnil => eq_refl end). Qed.
Lemma head_cons {A n} (a : A) (v : vec A n) : head (vcons a v) = a.
Proof. reflexivity. Qed.
