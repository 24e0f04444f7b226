Module Type T. Parameter t : Type. Parameter x : t. End T.
Module Pair (A B : T) <: T.
  Definition t := (A.t * B.t)%type.
  Definition x : t.
  Proof. exact (A.x, B.x). Defined.
End Pair.
Module N <: T. Definition t := nat. Definition x := 0. End N.
Module P := Pair N N.
Module PP <: T := Pair P N.
Lemma first : fst PP.x = P.x.
Proof. reflexivity. Qed.
