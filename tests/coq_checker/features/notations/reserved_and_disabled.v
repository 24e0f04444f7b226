Reserved Notation "x |> f" (at level 57, left associativity).
Notation "x |> f" := (f x).
Lemma piped : 1 |> S |> S = 3.
Proof. reflexivity. Qed.
Disable Notation "x |> f".
Fail Check (1 |> S).
Enable Notation "x |> f".
Notation "'plus' x , y" := (x + y) (at level 30, format "'plus'  x ,  y").
Lemma again : 1 |> S = plus 1, 1.
Proof. reflexivity. Qed.
