Module Type Ordered.
  Parameter t : Set.
  Parameter le : t -> t -> Prop.
  Axiom refl : forall x, le x x.
End Ordered.
Module Twice (O : Ordered).
  Definition both (x y : O.t) := O.le x y /\ O.le y x.
  Lemma both_refl x : both x x.
  Proof. split; apply O.refl. Qed.
End Twice.
Module NatOrdered <: Ordered.
  Definition t := nat.
  Definition le := Peano.le.
  Lemma refl : forall x, le x x.
  Proof. exact le_n. Qed.
End NatOrdered.
Module T := Twice NatOrdered.
Lemma zero : T.both 0 0.
Proof. apply T.both_refl. Qed.
