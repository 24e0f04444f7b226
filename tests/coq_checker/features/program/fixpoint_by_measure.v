Require Import Program.Wf Lia.
Program Fixpoint halve (n : nat) {measure n} : nat :=
  match n with S (S m) => S (halve m) | _ => 0 end.
Goal exists n, halve 4 = n.
Proof. now exists (halve 4). Qed.
Obligation Tactic := idtac.
Program Fixpoint again (n : nat) {measure (n + 0)} : nat :=
  match n with 0 => 0 | S m => S (again m) end.
Next Obligation. intros. subst. lia. Qed.
Next Obligation. apply measure_wf, Wf_nat.lt_wf. Defined.
