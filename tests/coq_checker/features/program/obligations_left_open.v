(* EXPECT: file obligations *)
Obligation Tactic := idtac.
Program Definition two (n : nat) : {m | m = n} * {m | n = m} := (n, n).
Next Obligation. reflexivity. Qed.
Lemma after : True.
Proof. exact I. Qed.
