Obligation Tactic := idtac.
Program Definition two (n : nat) : {m | m = n} * {m | n = m} := (n, n).
Next Obligation. Admitted.
Next Obligation. idtac. Abort.
Next Obligation. reflexivity. Defined.
Lemma uses n : proj1_sig (fst (two n)) = n.
Proof. apply (proj2_sig (fst (two n))). Qed.
