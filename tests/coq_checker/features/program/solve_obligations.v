Require Import Program.
Obligation Tactic := idtac.
Program Definition a (n : nat) : {m | m = n} * {m | 0 < S m} := (n, n).
Solve Obligations with (intros; reflexivity).
Next Obligation. intros. induction n; auto. Qed.
Program Definition b : {m | m = 1} := 1.
Solve All Obligations with reflexivity.
#[local] Obligation Tactic := intros; try reflexivity.
Program Definition c : {m | m = 1} := 1.
Program Definition d (n : nat) : {m | m = n + 0} := n.
Admit Obligations of d.
Lemma same : proj1_sig b = proj1_sig c.
Proof. reflexivity. Qed.
