Proof.
  exists (fun _ => 0). reflexivity.
Qed.
