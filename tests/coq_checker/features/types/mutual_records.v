Set Primitive Projections.
CoInductive stream (A : Type) := cons { hd : A; tl : stream A }.
Inductive even := { e : nat; next : option odd } with odd := { o : nat; next' : even }.
CoFixpoint const (n : nat) : stream nat := {| hd := n; tl := const n |}.
Lemma head n : hd _ (tl _ (const n)) = n.
Proof. reflexivity. Qed.
