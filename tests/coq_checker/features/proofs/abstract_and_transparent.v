Lemma inside : True /\ 1 = 1.
Proof. split; [abstract (exact I) | abstract reflexivity using one_eq]. Qed.
Definition three : nat.
Proof. transparent_abstract (exact 3) using three_inside. Defined.
Lemma opened : three = 3.
Proof. reflexivity. Qed.
Lemma optimized : True.
Proof. Optimize Proof. exact I. Qed.
