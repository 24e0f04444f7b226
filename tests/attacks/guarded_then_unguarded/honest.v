Proof.
  Guarded.
  fix again 1. intros [|n]; [reflexivity|].
  simpl. now rewrite (again n).
Qed.
