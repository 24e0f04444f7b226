Set Nested Proofs Allowed.
Lemma outer : False.
Proof.
  Lemma inner : True. Proof. exact I. Qed.
Admitted.
Lemma dropped : False.
Proof.
  Lemma within : True. Proof. exact I. Qed.
Abort All.
Lemma after : True.
Proof. exact inner. Qed.
