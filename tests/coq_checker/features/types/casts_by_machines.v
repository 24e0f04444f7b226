(* EXPECT: wrong FAILED tactic *)
Lemma by_vm : 2 * 100 = 200.
Proof. exact (eq_refl 200 <: 2 * 100 = 200). Qed.
Lemma computed : Nat.eqb (10 * 10) 100 = true.
Proof. vm_cast_no_check (eq_refl true). Qed.
Lemma by_eval : True.
Proof. let x := eval compute in (2 + 2) in assert (x = 4) by reflexivity. exact I. Qed.
Lemma wrong : 2 * 100 = 201.
Proof. exact (eq_refl 201 <: 2 * 100 = 201). Qed.
