(* BEFORE: 9.0 *)
Fail #[refine] Definition d : {n | n = 1} := exist _ 1 _.
Lemma after : True.
Proof. exact I. Qed.
