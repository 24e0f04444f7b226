Lemma before : True.
Proof. exact I. Qed.
Load Sumbool.
Lemma uses (b : bool) : {b = true} + {b = false}.
Proof. exact (sumbool_of_bool b). Qed.
