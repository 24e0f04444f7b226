(* EXPECT: unfinished INCOMPLETE open_goals *)
(* EXPECT: braces_left FAILED kernel *)
Lemma unfinished (A B : Prop) : A -> B -> A /\ B.
Proof. intros a b. split. exact a. Qed.
Lemma braces_left : True /\ True.
Proof. split. { exact I. } { exact I. Qed.
Lemma after : True.
Proof. exact I. Qed.
