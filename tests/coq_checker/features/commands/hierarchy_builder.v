(* NEEDS: HB *)
From HB Require Import structures.
HB.mixin Record IsPointed T := { point : T }.
HB.structure Definition Pointed := { T of IsPointed T }.
HB.instance Definition nat_pointed := IsPointed.Build nat 7.
Lemma seven : point = 7 :> nat.
Proof. reflexivity. Qed.
HB.instance Definition _ : IsPointed bool := IsPointed.Build bool true.
Lemma true_ : @point bool = true.
Proof. reflexivity. Qed.
