Local Definition zero := 0.
Local Lemma right_zero k : k + zero = k.
Proof. unfold zero. now rewrite <- plus_n_O. Qed.
Theorem goal : forall n m : nat, n + m = m + n.
Proof.
  induction n as [|n IH]; intros m.
  - now rewrite <- plus_n_O.
  - simpl. now rewrite IH, plus_n_Sm.
Qed.
