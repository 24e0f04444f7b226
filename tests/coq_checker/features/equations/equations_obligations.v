From Equations Require Import Equations.
Obligation Tactic := idtac.
Equations safe (n : nat) (p : n <> 0) : nat := safe 0 p := _; safe (S n) _ := n.
Next Obligation. intros p. destruct (p eq_refl). Defined.
Lemma one (p : 1 <> 0) : safe 1 p = 0.
Proof. reflexivity. Qed.
