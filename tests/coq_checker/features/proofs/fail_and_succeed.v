Fail Lemma no : 1.
Fail Definition x := y.
Succeed Definition kept_back := 1.
Fail Check kept_back.
Lemma a : 1 = 1.
Proof. Fail exact I. Succeed reflexivity. Fail fail. reflexivity. Qed.
Fail Fail Check 1.
Lemma b : True.
Proof. Fail Qed. exact I. Qed.
Fail Qed.
