From Coq Require Import List.
From Coq.Arith Require Export PeanoNat.
Require Coq.ZArith.ZArith.
From Coq Require Import Bool(negb_involutive).
Import ListNotations.
Lemma app (l : list nat) : l ++ [] = l.
Proof. apply app_nil_r. Qed.
Lemma z : BinInt.Z.succ BinInt.Z.zero = BinInt.Z.one.
Proof. reflexivity. Qed.
