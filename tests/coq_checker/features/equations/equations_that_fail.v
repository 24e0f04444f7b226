(* EXPECT: after ERROR environment *)
From Equations Require Import Equations.
Lemma before : True.
Proof. exact I. Qed.
Equations partial (n : nat) : nat := partial 0 := 0.
Lemma after : True.
Proof. exact I. Qed.
