(* EXPECT: in_prop FAILED tactic *)
Inductive sEmpty : SProp := .
Inductive box (P : SProp) : Prop := wrap : P -> box P.
Lemma irrelevant (P : SProp) (F : P -> Prop) (a b : P) : F a -> F b.
Proof. intro h. exact h. Qed.
Lemma absurd (A : Type) (e : sEmpty) : A.
Proof. destruct e. Qed.
Lemma in_prop (P : Prop) (F : P -> Prop) (a b : P) : F a -> F b.
Proof. intro h. exact h. Qed.
