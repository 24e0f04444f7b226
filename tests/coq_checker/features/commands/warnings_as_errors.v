(* EXPECT: later ERROR environment *)
Set Warnings "+deprecated-since-8.17,+notation-overridden".
Lemma before : True.
Proof. exact I. Qed.
Notation "x + y" := (Nat.mul x y) : nat_scope.
Lemma later : True.
Proof. exact I. Qed.
