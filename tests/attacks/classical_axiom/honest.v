Proof.
  intros P H N. exact (N H).
Qed.
