Proof.
  Guarded.
  fix again 1. intros n e.
  Guarded.
  exact (again n e).
Qed.
