Notation commute f := (forall n m : nat, f n m = f m n).
Theorem goal : commute plus.
Proof.
  induction n as [|n IH]; intros m.
  - now rewrite <- plus_n_O.
  - simpl. now rewrite IH, plus_n_Sm.
Qed.
