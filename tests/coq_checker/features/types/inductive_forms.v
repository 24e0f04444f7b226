Set Uniform Inductive Parameters.
Inductive list' (A : Type) := nil' | cons' : A -> list' -> list'.
Unset Uniform Inductive Parameters.
Inductive acc {A : Type} (R : A -> A -> Prop) | : A -> Prop := acc_in : forall a, (forall b, R b a -> acc b) -> acc a.
Inductive perfect (A : Type) : Type := leaf (a : A) | up (t : perfect (A * A)).
Variant color := red | green.
Inductive void : Prop := .
Lemma two (c : color) : c = red \/ c = green.
Proof. destruct c; [left | right]; reflexivity. Qed.
Lemma deep : perfect nat.
Proof. apply up, up, leaf. exact ((1, 2), (3, 4)). Qed.
