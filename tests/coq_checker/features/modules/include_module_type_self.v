Module Type Eq. Parameter t : Type. Parameter eq : t -> t -> Prop. End Eq.
Module Type EqRefl (Import E : Eq). Axiom refl : forall x : t, eq x x. End EqRefl.
Module Type EqType := Eq <+ EqRefl.
Module N <: EqType.
  Definition t := nat.
  Definition eq := @Logic.eq nat.
  Lemma refl : forall x : t, eq x x.
  Proof. exact (@eq_refl nat). Qed.
End N.
Module Use (E : EqType).
  Lemma again x : E.eq x x.
  Proof. exact (E.refl x). Qed.
End Use.
