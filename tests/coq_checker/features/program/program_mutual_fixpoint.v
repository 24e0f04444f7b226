Inductive tree := node : forest -> tree with forest := none | more : tree -> forest -> forest.
Obligation Tactic := idtac.
Program Fixpoint size (t : tree) : {n : nat | 0 < n} :=
  match t return {n : nat | 0 < n} with node f => exist _ (S (sizes f)) _ end
with sizes (f : forest) : nat :=
  match f return nat with none => 0 | more t f => proj1_sig (size t) + sizes f end.
Next Obligation. intros. apply le_n_S. apply le_0_n. Defined.
Lemma leaf : proj1_sig (size (node none)) = 1.
Proof. reflexivity. Qed.
