(* EXPECT: stuck_tcc FAILED tactic *)
Require Import Recdef Arith Wf_nat.
Function down (n : nat) {wf lt n} : nat :=
  match n with 0 => 0 | S m => down m end.
Proof.
  - intros n m _. apply Nat.lt_succ_diag_r.
  - exact lt_wf.
Qed.
Function stuck (n : nat) {wf lt n} : nat := match n with 0 => 0 | S m => stuck m end.
Proof. - intros. reflexivity. - exact lt_wf. Qed.
