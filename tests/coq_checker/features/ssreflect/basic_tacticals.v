From Coq Require Import ssreflect ssrfun ssrbool.
Lemma done_ : 1 = 1.
Proof. by []. Qed.
Lemma intro_ (P Q : Prop) : P -> Q -> P /\ Q.
Proof. by move=> p q; split. Qed.
Lemma simplified (n : nat) : 1 + n = S n.
Proof. move: n => m /=. done. Qed.
Lemma ordered : True /\ 1 = 1.
Proof. split; last first; first by []. exact: I. Qed.
Lemma generalised (n m : nat) : n = m -> m = n.
Proof. move: m => [ | m'] e //; exact: esym e. Qed.
