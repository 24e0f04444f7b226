(* EXPECT: hidden_name FAILED tactic *)
Ltac name_it t := let h := fresh "own" in pose (h := t).
Lemma named : True.
Proof.
  name_it 1. name_it 2.
  idtac "a message. Qed.".
  match goal with x := 2 |- _ => let t := type of x in idtac t end.
  first [fail "no" | exact I].
Qed.
Lemma hidden_name : nat.
Proof. name_it 1. exact own1. Qed.
Lemma tried : 1 = 1.
Proof. try (fail 0 "ignored"). tryif fail then idtac else reflexivity. Qed.
Lemma once_ : True \/ 1 + 1 = 3.
Proof. once (left + right). solve [exact I]. Qed.
