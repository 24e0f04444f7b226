Lemma before : True.
Proof. exact I. Qed.
Redirect "printed" Check before.
Lemma after : True.
Proof. exact I. Qed.
