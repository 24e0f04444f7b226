Module Type T. Parameter n : nat. End T.
Module Outer.
  Module Type Sub. Parameter b : bool. End Sub.
End Outer.
Module Type WithSub.
  Declare Module M : T.
  Axiom big : M.n = 7.
End WithSub.
Module Impl <: WithSub.
  Module M. Definition n := 7. End M.
  Lemma big : M.n = 7.
  Proof. reflexivity. Qed.
End Impl.
Declare Module D : T.
Lemma rests_on_it : D.n = D.n.
Proof. reflexivity. Qed.
