Lemma unshelved : exists n : nat, True.
Proof. refine (ex_intro _ ?[n] I). Unshelve. exact 0. Qed.
Lemma grabbed : exists n : nat, True.
Proof. unshelve eexists; [shelve | exact I]. Unshelve. exact 0. Qed.
Lemma instantiated : exists n, n = 5.
Proof. refine (ex_intro _ ?[k] _). instantiate (k := 5). reflexivity. Qed.
Lemma shelved : True /\ True.
Proof. split. shelve. exact I. Unshelve. exact I. Qed.
