Proof.
  Print nat. Print Nat.add. About nat. Check I. Guarded.
  Eval compute in (1 + 1). Compute 2 + 2.
  Optimize Proof. Optimize Heap.
  intros n. induction n as [|n IH]; [reflexivity|]. simpl. now rewrite IH.
Qed.
