Class Pointed (A : Type) := { point : A; again : A; same : point = again }.
Obligation Tactic := idtac.
Program Instance nat_pointed : Pointed nat := { point := 0; again := 0 }.
Next Obligation. reflexivity. Qed.
#[export] Program Instance pair_pointed A B `{Pointed A} `{Pointed B} : Pointed (A * B) :=
  { point := (point, point); again := (again, again) }.
Next Obligation. intros. now rewrite !same. Qed.
Lemma found : @again (nat * nat) _ = (0, 0).
Proof. reflexivity. Qed.
