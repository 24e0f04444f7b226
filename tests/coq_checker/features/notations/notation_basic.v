Notation "a '==' b" := (Nat.eqb a b) (at level 70, only parsing).
Notation "'if' a 'is' 'zero' 'then' b 'otherwise' c" := (match a with 0 => b | S _ => c end) (at level 200).
Infix "<->>" := iff (at level 95, no associativity).
Notation "x =>> y" := (x -> y) (at level 99, right associativity, only printing).
Notation succ := S.
Notation twice f x := (f (f x)) (only parsing).
Lemma eq_one : (1 == 1) = true.
Proof. reflexivity. Qed.
Lemma uses : twice succ 1 = 3 /\ (if 0 is zero then 1 otherwise 2) = 1.
Proof. split; reflexivity. Qed.
Goal True <->> True. Proof. tauto. Qed.
