(* EXPECT: g_spec FAILED tactic *)
Require Import Derive.
Derive f SuchThat (forall n, f n = n + 2) As f_spec.
Proof. intro n. unfold f. instantiate (1 := fun n => n + 2). reflexivity. Qed.
Lemma f_one : f 1 = f 1.
Proof. reflexivity. Qed.
Derive g SuchThat (g = 1) As g_spec.
Proof. subst g. exact I. Qed.
