Section Outer.
  Variable n : nat.
  Section Inner.
    Variable m : nat.
    Definition sum := n + m.
    Lemma sum_comm : sum = m + n.
    Proof. unfold sum. induction n; simpl; auto. rewrite IHn0. auto. Qed.
  End Inner.
  Lemma sum_zero : sum 0 = 0 + n.
  Proof. exact (sum_comm 0). Qed.
End Outer.
Check sum : nat -> nat -> nat.
Goal forall n m, sum n m = m + n.
Proof. exact sum_comm. Qed.
