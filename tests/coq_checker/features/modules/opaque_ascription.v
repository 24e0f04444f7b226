Module Type Counter.
  Parameter t : Set.
  Parameter zero : t.
  Parameter read : t -> nat.
  Axiom read_zero : read zero = 0.
End Counter.
Module C : Counter.
  Definition t := nat.
  Definition zero := 0.
  Definition read (n : t) : nat := n.
  Lemma read_zero : read zero = 0.
  Proof. reflexivity. Qed.
End C.
Fail Check (C.zero : nat).
Lemma seen : C.read C.zero = 0.
Proof. Fail reflexivity. apply C.read_zero. Qed.
