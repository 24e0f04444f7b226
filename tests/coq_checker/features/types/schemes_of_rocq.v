(* SINCE: 9.2 *)
Inductive tree (A : Type) := leaf (a : A) | node (l r : tree A).
Scheme All for tree.
Scheme Rewriting for tree.
Lemma after : True.
Proof. exact I. Qed.
