(* EXPECT: after ERROR environment *)
Lemma before : True.
Proof. exact I. Qed.
Inductive bad := make : (bad -> nat) -> bad.
Lemma after : True.
Proof. exact I. Qed.
