Set Nested Proofs Allowed.
Lemma outer : True.
Proof.
  Lemma first : True. Proof. exact I. Qed.
  Lemma second : 1 = 1. Proof. reflexivity. Qed.
  Lemma third : False. Admitted.
  Goal 2 = 2. reflexivity. Defined.
  exact first.
Qed.
Goal 1 = 1. Lemma fourth : True. exact I. Qed. exact second. Qed.
