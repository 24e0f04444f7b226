(* EXPECT: classic_syntax FAILED syntax *)
From Ltac2 Require Import Ltac2.
Lemma classic_syntax (P : nat -> Prop) : P 0 -> P 0.
Proof. intros ?. match goal with |- _ => assumption end. Qed.
Import Ltac2.Printf.
Lemma printed : True.
Proof. printf "%s and %i" "text" 3. exact I. Qed.
Lemma bullets : True /\ True.
Proof. split. - exact I. - { exact I. } Qed.
