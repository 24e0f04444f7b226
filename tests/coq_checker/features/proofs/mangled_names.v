(* EXPECT: by_its_name FAILED tactic *)
Set Mangle Names.
Lemma named : forall n : nat, n = n.
Proof. intros n. destruct n as [ | m]; reflexivity. Qed.
Lemma by_its_name : forall A : Prop, A -> A.
Proof. intros. assumption. Fail exact H. exact H. Qed.
Set Mangle Names Prefix "own_".
Goal forall A : Prop, A -> A. intros. exact own_1. Qed.
