Create HintDb own.
Module M.
  Definition P (n : nat) := n = 0.
  Lemma zero : P 0.
  Proof. reflexivity. Qed.
  #[local] Hint Resolve zero : own.
  #[export] Hint Unfold P : own.
  #[global] Hint Extern 9 (_ = 0) => reflexivity : own.
  #[local] Notation "#0" := zero.
  #[export] Set Printing All.
  Lemma found : P 0.
  Proof. info_auto with own. Qed.
End M.
Lemma outside : M.P 0.
Proof. Fail solve [unfold M.P; fail]. unfold M.P. auto with own. Qed.
