(* EXPECT: too_few FAILED kernel *)
Section Using.
  Variables (A : Type) (x : A) (P Q : Prop).
  Hypotheses (p : P) (q : Q).
  Lemma only_p : P.
  Proof using p. exact p. Qed.
  Lemma all_of_it : True.
  Proof using All. exact I. Qed.
  Lemma all_but : P.
  Proof using All - (x q). exact p. Qed.
  Collection PQ := p q.
  Lemma by_collection : P /\ Q.
  Proof using PQ. split; assumption. Qed.
  Lemma typed : P -> P.
  Proof using Type. intro H. exact H. Qed.
  Lemma too_few : Q.
  Proof using p. exact q. Qed.
End Using.
