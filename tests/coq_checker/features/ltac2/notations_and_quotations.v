From Ltac2 Require Import Ltac2.
Ltac2 Notation "give" x(constr) := exists $x.
Ltac2 Notation "twice" t(thunk(tactic)) := t (); t ().
Lemma given : exists n, n = 2.
Proof. give 2. reflexivity. Qed.
Lemma second : 2 <= 4.
Proof. twice (apply le_S). apply le_n. Qed.
Lemma quoted (n : nat) : n = n.
Proof. let t := '(@eq_refl nat n) in exact $t. Qed.
Lemma in_term : nat.
Proof. exact ltac2:(exact 3). Defined.
