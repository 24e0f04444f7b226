Proof.
  Eval simpl in (forall n : nat, n + 0 = n).
  Compute (fun n : nat => eq_refl : n = n).
  Print eq_refl.
Qed.
