Inductive tree := node : forest -> tree with forest := none | more : tree -> forest -> forest.
Scheme tree_mut := Induction for tree Sort Prop with forest_mut := Induction for forest Sort Prop.
Combined Scheme tree_forest from tree_mut, forest_mut.
Scheme Minimality for nat Sort Set.
Scheme Equality for bool.
Scheme Boolean Equality for nat.
Lemma all : (forall t : tree, t = t) /\ (forall f : forest, f = f).
Proof. apply tree_forest; reflexivity. Qed.
Lemma decided : bool_beq true true = true /\ nat_beq 2 2 = true.
Proof. split; reflexivity. Qed.
