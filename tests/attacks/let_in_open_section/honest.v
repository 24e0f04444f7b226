Section Helpers.
Let zero : nat := 0.
Lemma right_zero k : k + zero = k.
Proof. unfold zero. now rewrite <- plus_n_O. Qed.
Theorem goal : forall n m : nat, n + m = m + n.
Proof.
  induction n as [|n IH]; intros m.
  - exact (eq_sym (right_zero m)).
  - simpl. now rewrite IH, plus_n_Sm.
Qed.
