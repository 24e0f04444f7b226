Ltac finish := try easy; auto.
Lemma with_dots (n : nat) : n = n /\ True.
Proof with finish.
  split...
Qed.
Lemma both : True /\ (1 = 1 /\ 2 = 2).
Proof with (try reflexivity).
  split. exact I. split...
Qed.
