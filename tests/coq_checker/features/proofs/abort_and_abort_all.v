Set Nested Proofs Allowed.
Lemma dropped : False.
Proof. idtac. Abort.
Lemma outer : False.
Lemma inner : False.
Proof. Abort All.
Lemma dropped : True.
Proof. exact I. Qed.
Goal False. Abort.
Goal True. exact I. Qed.
