(* EXPECT: once ERROR environment *)
Lemma first : True.
Proof. exact I. Qed.
Definition once := 1.
Proof. exact I. Qed.
Lemma once : True.
Proof. exact I. Qed.
