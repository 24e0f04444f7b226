Proof.
  Eval simpl in (forall n : nat, n + 0 = n).
  intros n. induction n as [|n IH]; [reflexivity|]. simpl. now rewrite IH.
Qed.
