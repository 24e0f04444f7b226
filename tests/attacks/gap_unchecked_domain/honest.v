Proof.
  exists (fun _ => unit). reflexivity.
Qed.
