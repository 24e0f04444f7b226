(* Inside a functor: what its parameters promise are axioms there. *)
Module Type T.
Parameter a : nat.
Axiom f : a = 0.
End T.
Module Type T2 (X : T).
Parameter b : X.a = 0.
End T2.
Module F (X : T) (Y : T2 X).
Theorem t : X.a = 0. exact Y.b. Qed.
Axiom fx : nat.
Definition s := fx + X.a.
Module Z := X.
Definition zz := Z.a.
Theorem mm : X.a = 0. exact X.f. Qed.
(* ASK t mm fx s zz X.a Y.b *)
End F.
