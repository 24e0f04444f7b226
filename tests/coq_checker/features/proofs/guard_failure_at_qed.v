(* EXPECT: circular FAILED kernel *)
Lemma circular (n : nat) : n = n + 0.
Proof. revert n. fix self 1. exact self. Qed.
Lemma sound (n : nat) : n = n + 0.
Proof. revert n. fix self 1. intros [ | n]; [reflexivity | simpl; now rewrite <- self]. Qed.
