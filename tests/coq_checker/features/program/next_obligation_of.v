(* EXPECT: q_obligation_1 FAILED tactic *)
Obligation Tactic := idtac.
Program Definition p (n : nat) : {m | m = n} * {m | m = n} := (n, n).
Program Definition q (n : nat) : {m | m = n + 0} := n.
Next Obligation of p. reflexivity. Qed.
Next Obligation of q. reflexivity. Qed.
Final Obligation of p. reflexivity. Qed.
