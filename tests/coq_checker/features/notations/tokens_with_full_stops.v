(* EXPECT: wrong FAILED tactic *)
Notation "a .+1" := (S a) (at level 2, left associativity, format "a .+1").
Notation "'do' x . y" := ((fun x : nat => y) 0) (at level 200, x name).
Notation "a ..+ b" := (a + b) (at level 50, left associativity).
Tactic Notation "qed." := reflexivity.
Lemma one : 0.+1 = 1.
Proof. qed.. Qed.
Lemma two : (do x . x.+1) = 1. Proof. reflexivity. Qed.
Lemma three : 1 ..+ 2.+1 = 4. Proof. qed. . Qed.
Lemma wrong : 0.+1.+1 = 1. Proof. qed.. Qed.
Lemma last : True. exact I. Qed.
