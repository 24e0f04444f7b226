(* EXPECT: after ERROR environment *)
Module Type T. Parameter n : nat. Axiom small : n < 2. End T.
Module M : T.
  Definition n := 1.
  Lemma other : n < 2.
  Proof. exact (le_n 2). Qed.
End M.
Lemma after : True.
Proof. exact I. Qed.
