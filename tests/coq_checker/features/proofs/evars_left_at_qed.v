(* EXPECT: left_over INCOMPLETE open_goals *)
Lemma left_over : exists n : nat, True.
Proof. unshelve (eexists; [shelve | exact I]); shelve. Qed.
Lemma after : True.
Proof. exact I. Qed.
