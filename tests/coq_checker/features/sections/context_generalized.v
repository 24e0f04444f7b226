(* EXPECT: not_symmetric FAILED tactic *)
Section Ctx.
  Context {A : Type} `{le_dec : forall a b : A, {a = b} + {a <> b}} (d : A).
  Context (e := d).
  Lemma decided (a : A) : a = d \/ a <> d.
  Proof. destruct (le_dec a d); auto. Qed.
  Lemma same : e = d.
  Proof. reflexivity. Qed.
  Lemma not_symmetric (a b : A) : a = b.
  Proof. reflexivity. Qed.
End Ctx.
