Inductive tree := node : forest -> tree with forest := none | more : tree -> forest -> forest.
Fixpoint size (t : tree) : nat with sizes (f : forest) : nat.
Proof.
  - destruct t as [f]. exact (S (sizes f)).
  - destruct f as [ | t f]; [exact 0 | exact (size t + sizes f)].
Defined.
Fixpoint depth (t : tree) : nat := match t with node f => S (depths f) end
with depths (f : forest) : nat.
Proof. destruct f as [ | t f]; [exact 0 | exact (max (depth t) (depths f))]. Defined.
Lemma leaf : size (node none) = depth (node none).
Proof. reflexivity. Qed.
