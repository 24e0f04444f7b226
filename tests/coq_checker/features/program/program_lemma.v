Require Import Program.
Program Lemma projected (n : nat) (x : {m | m = n}) : x = n.
Proof. destruct x as [m e]. destruct e. now apply subset_eq. Qed.
#[program] Theorem by_attribute (x : {m | m = 0}) : 0 = x.
Proof. destruct x as [m e]. symmetry. exact e. Qed.
#[program=no] Lemma plain : 0 = 0.
Proof. reflexivity. Qed.
