(* EXPECT: circular REJECTED forbidden_axiom *)
(* POLICY: a theorem whose own check is switched off is not proved *)
#[bypass_check(guard)] Fixpoint circular (n : nat) : False.
Proof. exact (circular n). Qed.
#[bypass_check(positivity)] Inductive neg := Neg : (neg -> False) -> neg.
Lemma harmless : True.
Proof. exact I. Qed.
