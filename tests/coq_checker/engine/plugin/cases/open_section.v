(* Inside a section: variables, local definitions, and axioms that outlive it. *)
Axiom base : nat.
Section S.
Variable x : nat.
Hypothesis H : x = x.
Let y := x + base.
Let z := 3.
Variable w : nat.
Axiom insec : nat.
Theorem a : y = y. reflexivity. Qed.
Theorem b : x = x. exact H. Qed.
Definition cc := z + 1.
Definition dd := insec + z.
Inductive L : Set := l : (fun _ : nat => nat) y -> L.
Lemma e : z = 3.
Proof. reflexivity. Qed.
(* ASK a b cc dd L l e x y z w H *)
End S.
