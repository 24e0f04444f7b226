(* EXPECT: after ERROR environment *)
Lemma before : True.
Proof. exact I. Qed.
Symbol plus' : nat -> nat -> nat.
Lemma after : True.
Proof. exact I. Qed.
