Module Type Monoid.
  Parameter t : Type.
  Parameter unit : t.
  Parameter op : t -> t -> t.
  Axiom left : forall x, op unit x = x.
End Monoid.
Module Type NatMonoid := Monoid with Definition t := nat with Definition unit := 0.
Module Add <: NatMonoid.
  Definition t := nat.
  Definition unit := 0.
  Definition op := Nat.add.
  Theorem left x : op unit x = x.
  Proof. reflexivity. Qed.
End Add.
Module Use (M : NatMonoid).
  Remark zero : M.unit = 0.
  Proof. reflexivity. Qed.
End Use.
