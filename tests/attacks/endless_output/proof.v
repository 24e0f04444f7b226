Proof.
  do 100000 idtac "Closed under the global context, closed under the global context".
Qed.
