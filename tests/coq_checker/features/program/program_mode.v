Require Import Program.
Set Program Mode.
Obligation Tactic := idtac.
Definition two : {n | n = 2} := 2.
Next Obligation. reflexivity. Qed.
Lemma shown (x : {n | n = 1}) : proj1_sig x = 1.
Proof. destruct x. assumption. Qed.
Unset Program Mode.
Fail Definition three : {n | n = 3} := 3.
Fixpoint f (n : nat) : nat.
Proof. exact n. Defined.
