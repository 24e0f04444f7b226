Create HintDb mine.
Local Hint Resolve plus_n_O : mine.
Hint Extern 0 => exact I : mine.
Theorem goal : forall n m : nat, n + m = m + n.
Proof.
  induction n as [|n IH]; intros m.
  - auto with mine.
  - simpl. now rewrite IH, plus_n_Sm.
Qed.
