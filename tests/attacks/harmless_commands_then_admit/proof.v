Proof.
  Print nat. Print Nat.add. About nat. Check I. Guarded.
  Eval compute in (1 + 1). Compute 2 + 2.
  Optimize Proof. Optimize Heap.
  admit.
  Print nat. Print Nat.add. About nat. Check I. Guarded.
  Eval compute in (1 + 1). Compute 2 + 2.
  Optimize Proof. Optimize Heap.
Qed.
