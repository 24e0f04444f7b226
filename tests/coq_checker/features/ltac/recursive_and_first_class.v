Ltac count n := lazymatch n with 0 => constr:(0) | S ?m => let k := count m in constr:(S k) end.
Ltac app t := fun x => t x.
Ltac twice f := f; f.
Ltac rebound := fail.
Ltac rebound ::= idtac.
Ltac a := b with b := c with c := exact I.
Lemma counted : 3 = 3.
Proof. let k := count 3 in exact (eq_refl k). Qed.
Lemma applied : 1 = 1.
Proof. app ltac:(fun x => exact (eq_refl x)) 1. Qed.
Lemma doubled : 2 <= 4.
Proof. twice ltac:(apply le_S). rebound. apply le_n. Qed.
