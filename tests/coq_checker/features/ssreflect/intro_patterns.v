From Coq Require Import ssreflect ssrfun ssrbool.
Lemma destructured (A B C : Prop) : A /\ (B /\ C) -> C /\ A.
Proof. by move=> [a [_ c]]; split. Qed.
Lemma cleared (n : nat) (H : True) : n = n.
Proof. move=> {H}. by []. Qed.
Lemma rewritten (n m : nat) : n = m -> m = n.
Proof. by move=> ->. Qed.
Lemma named (A : Prop) : A -> A -> A.
Proof. move=> ? a2. by []. Qed.
Lemma swapped (A B : Prop) : A -> B -> B /\ A.
Proof. move=> /[swap] b a. by split. Qed.
Lemma set_ (n : nat) : n + n = n + n.
Proof. set k := n + n. pose j := k. by []. Qed.
