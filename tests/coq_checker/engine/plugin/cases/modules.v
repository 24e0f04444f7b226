(* Sealed modules and what they hide, functors, aliases, inclusion, and an open module with a sealed one inside. *)
Module Type T.
Parameter a : nat.
Parameter b : a = a.
Axiom f : False.
End T.
Axiom top1 : False.
Axiom top2 : nat = nat.
Module Impl.
Axiom hid : nat.
Definition a := hid.
Definition b := eq_refl a.
Definition f := top1.
End Impl.
Module S : T := Impl.
Module S2 : T.
Definition a := 3.
Lemma b : a = a. reflexivity. Qed.
Axiom f : False.
End S2.
Declare Module D : T.
Module F (X : T).
Definition g := X.a.
Lemma h : X.a = X.a. exact X.b. Qed.
Axiom k : nat.
Definition l := k + X.a.
Module Sub.
Axiom z : nat.
Definition zz := z + k.
End Sub.
End F.
Module FS := F S.
Module FD := F D.
Module A := S.
Module A2 := Impl.
Module I.
Include Impl.
End I.
Module I2.
Include T.
Definition aa := a.
End I2.
Module I3.
Include F S.
End I3.
Module Type TI.
Parameter Inline(30) n : nat.
End TI.
Module FI (X : TI).
Definition m := X.n + 1.
End FI.
Module TIi.
Axiom ax : nat.
Definition n := ax.
End TIi.
Module FIi := FI TIi.
Theorem both1 : nat. exact (A2.hid + Impl.hid). Qed.
Theorem both2 : nat. exact (I.hid + FS.Sub.zz + I3.k). Qed.
Theorem absurd1 : top2 = top2 -> nat. exact (match S.f return (top2 = top2 -> nat) with end). Qed.
Theorem absurd2 : top2 = top2 -> nat. exact (match S2.f return (top2 = top2 -> nat) with end). Qed.
Theorem absurd3 : top2 = top2 -> nat. exact (match D.f return (top2 = top2 -> nat) with end). Qed.
Module Big (X : T) : T.
Definition a := X.a.
Definition b := X.b.
Definition f := X.f.
End Big.
Module BS := Big S.
Module BD := Big D.
Module BB := Big BS.
Module Nest.
Module In : T.
Definition a := 1.
Axiom b : a = a.
Axiom f : False.
End In.
Definition w := In.a.
Definition v := In.b.
End Nest.
Module Type TN.
Declare Module X : T.
Parameter y : nat.
End TN.
Module NN : TN.
Module X := Impl.
Definition y := X.a.
End NN.
Module Lk : T with Definition a := 5.
Definition a := 5.
Axiom b : a = a.
Axiom f : False.
End Lk.
Module AA := A2.
Module Alias : T := A2.
Module AliasA := Alias.
Definition al := (Alias.a, AliasA.a, A2.a, AA.hid).
(* ASK S.a S.b S.f S2.a S2.b S2.f D.a D.b D.f FS.g FS.h FS.k FS.l FS.Sub.zz FS.Sub.z FD.g FD.l A.a
  A.b A2.a A2.hid I.a I.hid I2.aa I2.b I3.l I3.k I3.g FIi.m both1 both2 absurd1 absurd2 absurd3 BS.a
  BS.f BD.a BD.f BB.f BB.b Nest.w Nest.v Nest.In.f NN.X.f Lk.a Lk.b Alias.a Alias.f AliasA.a
  AliasA.f al *)
Module Open.
Module W : T := S.
Axiom oo : nat.
Module W2 := F W.
Definition ww := W2.l + oo.
Module PP := W.
(* ASK W.a W.b ww oo W2.l PP.a S.a S.b S.f S2.a S2.b S2.f D.a D.b D.f FS.g FS.h FS.k FS.l
  FS.Sub.zz FS.Sub.z FD.g FD.l A.a A.b A2.a A2.hid I.a I.hid I2.aa I2.b I3.l I3.k I3.g FIi.m both1
  both2 absurd1 absurd2 absurd3 BS.a BS.f BD.a BD.f BB.f BB.b Nest.w Nest.v Nest.In.f NN.X.f Lk.a
  Lk.b Alias.a Alias.f AliasA.a AliasA.f al *)
End Open.
(* ASK S.a S.b S.f S2.a S2.b S2.f D.a D.b D.f FS.g FS.h FS.k FS.l FS.Sub.zz FS.Sub.z FD.g FD.l A.a
  A.b A2.a A2.hid I.a I.hid I2.aa I2.b I3.l I3.k I3.g FIi.m both1 both2 absurd1 absurd2 absurd3 BS.a
  BS.f BD.a BD.f BB.f BB.b Nest.w Nest.v Nest.In.f NN.X.f Lk.a Lk.b Alias.a Alias.f AliasA.a
  AliasA.f al Open.W.a Open.W.b Open.ww Open.oo Open.W2.l Open.PP.a *)
