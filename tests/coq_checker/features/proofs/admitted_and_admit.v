(* EXPECT: admits INCOMPLETE admitted *)
(* EXPECT: gives_up INCOMPLETE admitted *)
Lemma admits : False.
Proof. admit. Qed.
Lemma gives_up : 1 = 2.
Proof. give_up. Qed.
Lemma admitted : 1 = 2.
Proof. symmetry. Admitted.
Lemma partly : True /\ False.
Proof. split. - exact I. - admit. Admitted.
Lemma rests_on_it : 2 = 1.
Proof. symmetry. exact admitted. Qed.
