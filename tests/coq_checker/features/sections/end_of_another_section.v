(* EXPECT: later ERROR environment *)
Section A.
  Lemma before : True.
  Proof. exact I. Qed.
End B.
Lemma later : True.
Proof. exact I. Qed.
