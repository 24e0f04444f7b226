Lemma crowded : 2 = 2.
Proof.
  Definition inside := 1.
  Notation "'two'" := 2.
  Check inside.
  Ltac finish := reflexivity.
  Set Printing All.
  #[local] Hint Resolve I : core.
  Search nat.
  finish.
Qed.
