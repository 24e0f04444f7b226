Lemma first : True.
Proof. exact I. Save renamed_first.
Goal 1 = 1.
Proof. reflexivity. Defined one_is_one.
Goal 2 = 2. reflexivity. Save two_is_two.
Lemma uses : 1 = 1 /\ True.
Proof. exact (conj one_is_one renamed_first). Qed.
