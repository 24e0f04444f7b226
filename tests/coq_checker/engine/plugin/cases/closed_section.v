(* What was asked in an open section is asked again when its closing has made new constants. *)
Axiom base : nat.
Section S.
Variable x : nat.
Hypothesis H : x = x.
Let y := x + base.
Axiom insec : nat.
Theorem a : y = y. reflexivity. Qed.
Theorem b : x = x. exact H. Qed.
Definition dd := insec.
Inductive L : Set := l : (fun _ : nat => nat) y -> L.
(* ASK a b dd L *)
End S.
(* ASK a b dd L l insec base *)
