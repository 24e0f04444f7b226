Proof.
  vm_cast_no_check (eq_refl 1).
Qed.
