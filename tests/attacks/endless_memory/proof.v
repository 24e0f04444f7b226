Proof.
  assert (H : Nat.pow 2 40 = 0) by (vm_compute; reflexivity).
Qed.
