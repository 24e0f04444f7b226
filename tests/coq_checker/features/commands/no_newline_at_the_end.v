Lemma a : True.
Proof. exact I. Qed.