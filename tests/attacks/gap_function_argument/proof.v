Fixpoint count (size extra : nat) (next : nat -> nat) : nat :=
  match size with
  | O => S (next extra)
  | S less => count less (S extra) (fun again => count again 0 next)
  end.

Theorem goal : False.
Proof.
  assert (loop : exists n, n = S n).
  { exists (count 1 0 (fun _ => 0)).
    change (count 1 0 (fun _ => 0)) with (S (count 1 0 (fun _ => 0))) at 1.
    reflexivity. }
  destruct loop as [n H]. induction n as [|n IH].
  - discriminate H.
  - injection H as H. exact (IH H).
Qed.
