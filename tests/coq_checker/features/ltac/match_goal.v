(* EXPECT: no_match FAILED tactic *)
Ltac split_all := repeat match goal with
  | H : _ /\ _ |- _ => destruct H
  | |- _ /\ _ => split
  end.
Lemma conj_assoc (A B C : Prop) : A /\ (B /\ C) -> (A /\ B) /\ C.
Proof. intro h. split_all; assumption. Qed.
Lemma in_context (f : nat -> nat) : f (1 + 1) = f 2.
Proof. match goal with |- context c [1 + 1] => let t := context c [2] in change t end. reflexivity. Qed.
Lemma lazily : True.
Proof. lazymatch goal with |- ?G => idtac G; exact I end. Qed.
Lemma by_multi : exists b : bool, b = false.
Proof. multimatch goal with _ => exists true | _ => exists false end; reflexivity. Qed.
Lemma no_match : True.
Proof. match goal with |- False => exact I end. Qed.
