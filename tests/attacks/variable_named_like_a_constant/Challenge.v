From Coq Require Import Lia.
Section S.
Variable A : Type.
Lemma goal (x y : A) : x = y -> y = x.
