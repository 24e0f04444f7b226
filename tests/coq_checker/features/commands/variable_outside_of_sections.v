(* EXPECT: after ERROR environment *)
Lemma before : True.
Proof. exact I. Qed.
Variable v : nat.
Lemma after : v = v.
Proof. reflexivity. Qed.
