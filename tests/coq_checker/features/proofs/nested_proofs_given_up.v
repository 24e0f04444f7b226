Set Nested Proofs Allowed.
Lemma outer : True.
Proof.
  Lemma dropped_inside : False. Proof. idtac. Abort.
  Lemma two_deep : True. Goal False. Admitted. exact I. Qed.
  Goal True. exact I. Qed.
  Lemma admitted_inside : False. Proof. idtac. Admitted.
  exact two_deep.
Qed.
Lemma all_dropped : True. Goal False. Goal False. Abort All.
Lemma after : True. exact I. Qed.
