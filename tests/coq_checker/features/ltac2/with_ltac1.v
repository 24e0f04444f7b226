From Ltac2 Require Import Ltac2.
Lemma called (n : nat) : n + 0 = n.
Proof. ltac1:(induction n; simpl; congruence). Qed.
Ltac2 solve_it () := ltac1:(auto).
Lemma wrapped : 1 = 1 /\ True.
Proof. solve_it (). Qed.
Set Default Proof Mode "Classic".
Lemma classic : True /\ True.
Proof. split; [exact I | ltac2:(exact I)]. Qed.
Ltac from_two := ltac2:(Message.print (Message.of_string "from Ltac2. ")).
Lemma mixed : True.
Proof. from_two. exact I. Qed.
