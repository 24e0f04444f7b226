Lemma named : exists n, n = 1 /\ n < 2.
Proof.
  refine (ex_intro _ ?[w] (conj ?[l] ?[r])).
  [r]: apply le_n.
  [l]: { reflexivity. }
Qed.
Lemma unnamed : exists n, n = 3.
Proof. eexists ?[n]. [n]: exact 3. reflexivity. Qed.
