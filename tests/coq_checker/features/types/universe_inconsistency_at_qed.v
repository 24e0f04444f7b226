(* EXPECT: girard FAILED tactic *)
Universe i.
Definition T := Type@{i}.
Lemma girard : T.
Proof. exact T. Qed.
Lemma after : True.
Proof. exact I. Qed.
