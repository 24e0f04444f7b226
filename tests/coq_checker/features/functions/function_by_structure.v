Require Import FunInd.
Function even (n : nat) {struct n} : bool :=
  match n with 0 => true | 1 => false | S (S m) => even m end.
Lemma even_or_not n : even n = true \/ even n = false.
Proof. functional induction (even n); auto. Qed.
Functional Scheme even_again := Induction for even Sort Prop.
Check even_again.
