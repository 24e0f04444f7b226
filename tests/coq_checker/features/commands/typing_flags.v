Unset Guard Checking.
Fixpoint loop (n : nat) : False := loop n.
Set Guard Checking.
Lemma rests_on_loop : False.
Proof. exact (loop 0). Qed.
Unset Positivity Checking.
Inductive neg := Neg : (neg -> False) -> neg.
Set Positivity Checking.
Unset Universe Checking.
Set Universe Checking.
Lemma harmless : True.
Proof. exact I. Qed.
