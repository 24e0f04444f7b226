Inductive box (A : Type) : Type := put (x : A) | wrap (b : box A).
Inductive tree : Type := leaf | node (b : box tree).

(* As univalence has it: the two change places. *)
Axiom twist : tree = tree :> Type.
Axiom twisted : match twist in _ = T return T with eq_refl => leaf end = node (wrap tree (put tree leaf)).
Definition seek {A B : Type} (f : A -> B) (E : A = A) : box A -> B :=
  fix go (b : box A) : B :=
    match b with put _ x => f x | wrap _ inner => go (match E in _ = T return box T with eq_refl => inner end) end.
Theorem goal : True /\ ~ False.
