Section Helpers.
Context (k : nat).
Lemma right_zero : k + 0 = k.
Proof using k. now rewrite <- plus_n_O. Qed.
End Helpers.
Theorem goal : forall n m : nat, n + m = m + n.
Proof.
  induction n as [|n IH]; intros m.
  - now rewrite right_zero.
  - simpl. now rewrite IH, plus_n_Sm.
Qed.
