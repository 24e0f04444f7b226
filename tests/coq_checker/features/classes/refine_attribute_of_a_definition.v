(* SINCE: 9.0 *)
#[refine] Definition d : {n | n = 1} := exist _ 1 _.
Proof. reflexivity. Qed.
Lemma after : True.
Proof. exact I. Qed.
