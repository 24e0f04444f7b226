(* EXPECT: projected ERROR environment *)
Program Lemma projected (n : nat) (x : {m | m = n}) : x = n.
Proof. destruct x as [m e]. exact e. Qed.
