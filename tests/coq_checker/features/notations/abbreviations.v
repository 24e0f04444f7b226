Module M.
  Notation id_nat := (fun n : nat => n).
  #[local] Notation hidden := 0.
  #[deprecated(since="1.0", note="use two")] Notation old := 2.
End M.
Import M.
Fail Check hidden.
Lemma same : id_nat 3 = 3.
Proof. reflexivity. Qed.
Lemma warned : old = 2.
Proof. reflexivity. Qed.
