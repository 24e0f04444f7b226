Require Import Program.Wf Arith.
Obligation Tactic := idtac.
Program Fixpoint down (n : nat) {wf lt n} : nat :=
  match n with 0 => 0 | S m => down m end.
Next Obligation. intros n _ m e. rewrite <- e. apply Nat.lt_succ_diag_r. Qed.
Next Obligation. unfold MR. apply Wf_nat.lt_wf. Qed.
Goal True.
Proof. exact I. Qed.
