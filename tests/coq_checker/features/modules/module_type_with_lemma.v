Module Type HasLemma.
  Parameter n : nat.
  Axiom positive : 0 < n.
  Lemma not_zero : n <> 0.
  Proof. intro e. pose proof positive as H. rewrite e in H. inversion H. Qed.
  Theorem left_out : n = n.
  Admitted.
End HasLemma.
Module One : HasLemma.
  Definition n := 1.
  Lemma positive : 0 < n.
  Proof. exact (le_n 1). Qed.
  Lemma not_zero : n <> 0.
  Proof. discriminate. Qed.
  Theorem left_out : n = n.
  Proof. reflexivity. Qed.
End One.
