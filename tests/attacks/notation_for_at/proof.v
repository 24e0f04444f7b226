Theorem goal : True.
Proof. exact I. Qed.
Notation "'@goal'" := (fun n m : nat => eq_refl).
