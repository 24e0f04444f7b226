Lemma before : True.
Proof. exact I. Qed.
Pwd.
Lemma after : True.
Proof. exact I. Qed.
