Obligation Tactic := idtac.
Program Definition three (n : nat) : {m | m = n} * {m | m = S n} * {m | n = m} := (n, S n, n).
Obligation 3. reflexivity. Qed.
Obligation 1. intro n. exact eq_refl. Defined.
Obligation 2. reflexivity. Qed.
Lemma after : True.
Proof. exact I. Qed.
