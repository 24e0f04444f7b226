From Coq Require Import ssreflect ssrfun ssrbool List.
Lemma cases (n : nat) : n = 0 \/ exists m, n = S m.
Proof. case: n => [ | m]; [by left | by right; exists m]. Qed.
Lemma inductive (A : Type) (l : list A) : l ++ nil = l.
Proof. elim: l => [ // | a l IH]. by rewrite /= IH. Qed.
Lemma with_equation (b : bool) : b = true \/ b = false.
Proof. case E: b; [by left | by right]. Qed.
Lemma by_view (n : nat) (P : nat -> Prop) : P 0 -> (forall m, P m -> P (S m)) -> P n.
Proof. move=> p0 pS. by elim/nat_ind: n. Qed.
