Lemma right_zero {k : nat} : k + 0 = k.
Proof. now rewrite <- plus_n_O. Qed.
Arguments right_zero {_}.
Theorem goal : forall n m : nat, n + m = m + n.
Proof.
  induction n as [|n IH]; intros m.
  - now rewrite right_zero.
  - simpl. now rewrite IH, plus_n_Sm.
Qed.
