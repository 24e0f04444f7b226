Lemma before : True.
Proof. exact I. Qed.
Reset Initial.
Lemma after : True.
Proof. exact I. Qed.
