Record wrap := Wrap { inside : nat }.
Coercion inside : wrap >-> nat.
Lemma wrapped (w : wrap) : w + 0 = w.
Proof. now rewrite <- plus_n_O. Qed.
Theorem goal : forall n m : nat, n + m = m + n.
Proof.
  induction n as [|n IH]; intros m.
  - exact (eq_sym (wrapped (Wrap m))).
  - simpl. now rewrite IH, plus_n_Sm.
Qed.
