From Equations Require Import Equations.
Inductive vec (A : Type) : nat -> Type := vnil : vec A 0 | vcons n : A -> vec A n -> vec A (S n).
Derive Signature NoConfusion NoConfusionHom for vec.
Equations head {A n} (v : vec A (S n)) : A := head (vcons _ _ a _) := a.
Lemma head_cons A n a (v : vec A n) : head (vcons A n a v) = a.
Proof. reflexivity. Qed.
