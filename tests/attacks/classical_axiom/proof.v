Proof.
  intros P. destruct (classic P) as [H|H].
  - intros _. exact H.
  - intros N. destruct (N H).
Qed.
