Require Import Program.
Obligation Tactic := idtac.
Program Definition between (n : nat) : {m : nat | n < m} * {m : nat | m = n} := (S n, n).
Next Obligation. intro n. apply le_n. Qed.
Next Obligation. reflexivity. Qed.
Lemma first n : proj1_sig (fst (between n)) = S n.
Proof. reflexivity. Qed.
