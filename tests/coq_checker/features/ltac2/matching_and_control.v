(* EXPECT: thrown FAILED tactic *)
From Ltac2 Require Import Ltac2.
Ltac2 Type exn ::= [ Own (string) ].
Lemma matched (A B : Prop) (h : A /\ B) : B.
Proof. match! goal with [ h : _ /\ ?b |- ?b ] => let h := Control.hyp h in destruct $h; assumption end. Qed.
Lemma by_control : True /\ True.
Proof. split; Control.enter (fun () => exact I). Qed.
Lemma caught : True.
Proof.
  match Control.case (fun () => Control.zero (Own "no")) with
  | Val _ => ()
  | Err _ => exact I
  end.
Qed.
Lemma thrown : True.
Proof. Control.throw (Own "on purpose"). exact I. Qed.
Lemma plus_ : exists b : bool, b = true.
Proof. Control.plus (fun () => exists false; reflexivity) (fun _ => exists true; reflexivity). Qed.
