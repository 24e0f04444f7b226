Create HintDb arith_facts discriminated.
Axiom P : nat -> Prop.
Axiom P0 : P 0.
Axiom PS : forall n, P n -> P (S n).
#[local] Hint Resolve P0 PS : arith_facts.
#[local] Hint Constructors le : arith_facts.
#[local] Hint Extern 1 (_ = _) => reflexivity : arith_facts.
#[local] Hint Immediate eq_sym : arith_facts.
#[local] Hint Cut [_* PS PS PS PS] : arith_facts.
Lemma three : P 3.
Proof. auto with arith_facts nocore. Qed.
Remove Hints PS : arith_facts.
Lemma not_found : P 2.
Proof. Fail solve [auto with arith_facts nocore]. apply PS, PS, P0. Qed.
Print HintDb arith_facts.
