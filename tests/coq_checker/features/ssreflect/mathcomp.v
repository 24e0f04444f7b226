(* NEEDS: mathcomp *)
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq.
Lemma doubled n : n.*2 = n + n.
Proof. by rewrite addnn. Qed.
Lemma sized (T : eqType) (s : seq T) : size (rev s) = size s.
Proof. by rewrite size_rev. Qed.
Lemma nth_ : nth 0 [:: 1; 2; 3] 1 == 2.
Proof. by []. Qed.
Lemma succ n : n.+1.-1 = n. Proof. by []. Qed.
