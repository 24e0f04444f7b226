(* EXPECT: after ERROR environment *)
Lemma before : True.
Proof. exact I. Qed.
From Coq Require Import NoSuchLibrary.
Lemma after : True.
Proof. exact I. Qed.
