Module Type T. Parameter Inline t : Type. Parameter Inline(30) z : t. End T.
Module F (X : T).
  Definition pair := (X.z, X.z).
  Lemma same : fst pair = snd pair.
  Proof. reflexivity. Qed.
End F.
Module N. Definition t := nat. Definition z := 0. End N.
Module I1 := F N.
Module I2 := F N [inline at level 10].
Module I3 := !F N.
Lemma all : I1.pair = I2.pair /\ I2.pair = I3.pair.
Proof. split; reflexivity. Qed.
