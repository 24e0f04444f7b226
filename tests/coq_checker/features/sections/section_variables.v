Section Variables.
  Variable A : Type.
  Variables (x y : A) (P : A -> Prop).
  Hypothesis same : x = y.
  Lemma transport : P x -> P y.
  Proof. rewrite same. trivial. Qed.
  Lemma without_them : 1 = 1.
  Proof. reflexivity. Qed.
End Variables.
Lemma discharged (n m : nat) : n = m -> 0 < n -> 0 < m.
Proof. intros e H. exact (transport nat n m (lt 0) e H). Qed.
Check without_them : 1 = 1.
