Inductive expr := Num (n : nat) | Add (a b : expr) | Mul (a b : expr).
Declare Custom Entry expr.
Notation "<{ e }>" := e (e custom expr at level 99).
Notation "( x )" := x (in custom expr, x at level 99).
Notation "x" := (Num x) (in custom expr at level 0, x constr at level 0).
Notation "x + y" := (Add x y) (in custom expr at level 50, left associativity).
Notation "x * y" := (Mul x y) (in custom expr at level 40, left associativity).
Lemma parsed : <{ 1 + 2 * 3 }> = Add (Num 1) (Mul (Num 2) (Num 3)).
Proof. reflexivity. Qed.
Lemma grouped : <{ (1 + 2) * 3 }> = Mul (Add (Num 1) (Num 2)) (Num 3).
Proof. reflexivity. Qed.
