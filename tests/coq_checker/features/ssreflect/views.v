From Coq Require Import ssreflect ssrfun ssrbool.
Lemma through_view (a b : bool) : a && b -> b && a.
Proof. by case/andP=> ha hb; apply/andP; split. Qed.
Lemma reflected (a b : bool) : reflect (a /\ b) (a && b).
Proof. exact: andP. Qed.
Lemma negated (b : bool) : ~~ b -> b = false.
Proof. by move/negbTE. Qed.
Lemma either (a b : bool) : a || b -> b || a.
Proof. by move=> /orP[-> | ->]; rewrite ?orbT. Qed.
Lemma equivalent (P : Prop) (b : bool) : reflect P b -> P <-> b.
Proof. by move=> r; split=> /r. Qed.
