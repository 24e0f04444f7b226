Inductive ev : nat -> Prop := ev0 : ev 0 | evS n : od n -> ev (S n)
with od : nat -> Prop := odS n : ev n -> od (S n).
Theorem ev_sum n m (a : ev n) (b : ev m) : ev (n + m)
with od_sum n m (a : od n) (b : ev m) : od (n + m).
Proof.
  - destruct a; simpl; [exact b | constructor; now apply od_sum].
  - destruct a; simpl; constructor; now apply ev_sum.
Qed.
Lemma four : ev (2 + 2).
Proof. apply ev_sum; repeat constructor. Qed.
