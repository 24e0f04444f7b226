(* EXPECT: two_obligation_3 ERROR environment *)
Obligation Tactic := idtac.
Program Definition one (n : nat) : {m | m = n} := n.
Final Obligation. reflexivity. Qed.
Program Definition two (n : nat) : {m | m = n} * {m | n = m} := (n, n).
Fail Final Obligation of one.
Obligation 3. reflexivity. Qed.
