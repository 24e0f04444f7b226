Lemma a : True.
Proof. exact I. Qed.
Lemma b : False.
Proof. idtac. Reset b.
Lemma c : True.
Proof. idtac. Reset a.
Lemma a : 1 = 1.
Proof. reflexivity. Qed.
