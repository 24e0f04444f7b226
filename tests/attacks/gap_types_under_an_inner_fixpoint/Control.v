Inductive box (A : Type) : Type := put (x : A) | wrap (b : box A).
Inductive tree : Type := leaf | node (b : box tree).

(* As univalence has it: the two change places. *)
Axiom twist : tree = tree :> Type.
Axiom twisted : match twist in _ = T return T with eq_refl => leaf end = node (wrap tree (put tree leaf)).
Theorem goal : True /\ ~ False.
