Record point := mk { x : nat; y : nat; sum := x + y; ok : sum = y + x }.
Record dep (A : Type) : Type := { carrier :> Type; inj : A -> carrier }.
Lemma comm n m : n + m = m + n.
Proof. induction n; simpl; [now rewrite <- plus_n_O | now rewrite IHn, plus_n_Sm]. Qed.
Definition p : point.
Proof. refine {| x := 1; y := 2 |}. reflexivity. Defined.
Lemma sum_of_p : sum p = 3 /\ p.(x) = 1.
Proof. split; reflexivity. Qed.
Inductive ind_rec := { a : nat; b : bool }.
Lemma eta_ (r : ind_rec) : r = {| a := a r; b := b r |}.
Proof. now destruct r. Qed.
