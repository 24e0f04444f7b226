(* SINCE: 9.0 *)
#[deprecated(use=Nat.add, since="1.0")]
Lemma a : True.
Proof. exact I. Qed.
#[deprecated( use = Corelib.Init.Logic.eq_refl )] #[local] Lemma b : 1 = 1. Proof. reflexivity. Qed.
#[local, deprecated(note="x. y", use=Nat.add)] Definition c : True. Proof. exact I. Defined.
