From Coq Require Import ssreflect ssrfun ssrbool.
Lemma add0 n : n + 0 = n. Proof. by elim: n => //= n ->. Qed.
Lemma many n : n + 0 + 0 = n.
Proof. by rewrite !add0. Qed.
Lemma maybe (n : nat) : n = n.
Proof. by rewrite ?add0. Qed.
Lemma folded n (f := fun k => k + 0) : f n = n.
Proof. rewrite /f. by rewrite [n + 0]add0. Qed.
Lemma congruent (f : nat -> nat -> nat) a b : a = b -> f a 1 = f b 1.
Proof. move=> e. congr (f _ _). exact: e. Qed.
Lemma backwards (n m : nat) : n = m -> m + n = n + n.
Proof. by move=> ->. Qed.
