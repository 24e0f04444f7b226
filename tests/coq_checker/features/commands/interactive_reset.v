Lemma a : True.
Proof. exact I. Qed.
Definition x := 1.
Reset x.
Definition x := 2.
Lemma two : x = 2.
Proof. reflexivity. Qed.
Fail Reset no_such_name.
