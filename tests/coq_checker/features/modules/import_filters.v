Module M.
  Notation "x <+> y" := (x + y) (at level 50).
  Definition hidden := 1.
  Definition shown := 2.
  Lemma shown_is_two : shown = 2.
  Proof. reflexivity. Qed.
End M.
Module A.
  Import (notations) M.
  Fail Check hidden.
  Lemma uses : 1 <+> 1 = 2.
  Proof. reflexivity. Qed.
End A.
Import M(shown, shown_is_two).
Fail Check hidden.
Theorem two : shown = 2.
Proof. exact shown_is_two. Qed.
