(* EXPECT: by_attribute FAILED tactic *)
Set Default Proof Using "Type".
Set Suggest Proof Using.
Section Default.
  Variable A : Type.
  Hypothesis unused : A -> False.
  Lemma identity (a : A) : a = a.
  Proof. reflexivity. Qed.
  Lemma with_more (a : A) : False.
  Proof using unused. exact (unused a). Qed.
  #[using="A"] Lemma by_attribute (a : A) : a = a.
  Proof. reflexivity. Qed.
End Default.
Check identity : forall (A : Type) (a : A), a = a.
