Require Import ZArith.
Declare Scope my_scope.
Delimit Scope my_scope with my.
Notation "x @ y" := (x + y) (at level 50) : my_scope.
Bind Scope my_scope with bool.
Open Scope Z_scope.
Lemma in_z : 1 - 2 = -1.
Proof. reflexivity. Qed.
Close Scope Z_scope.
Lemma in_nat : 1 - 2 = 0.
Proof. reflexivity. Qed.
Lemma delimited : (1 @ 2)%my = 3 /\ (1 - 2)%Z = (-1)%Z.
Proof. split; reflexivity. Qed.
#[local] Open Scope my_scope.
Fact opened : 2 @ 2 = 4.
Proof. reflexivity. Qed.
