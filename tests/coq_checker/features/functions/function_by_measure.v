Require Import Recdef Lia.
Function count (n : nat) {measure (fun x => x) n} : nat :=
  match n with 0 => 0 | S m => S (count m) end.
Proof. intros n m e. lia. Defined.
Lemma count_id n : count n = n.
Proof. functional induction (count n); congruence. Qed.
