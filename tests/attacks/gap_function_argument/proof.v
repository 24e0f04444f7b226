Fixpoint count (size extra : nat) (next : nat -> nat) : nat :=
  match size with
  | O => S (next extra)
  | S less => count less (S extra) (fun again => count again 0 next)
  end.

Lemma outer size extra next :
  count (S size) extra next = count size (S extra) (fun again => count again 0 next).
Proof. reflexivity. Qed.

Lemma inner extra next : count 0 extra next = S (next extra).
Proof. reflexivity. Qed.

Theorem goal : False.
Proof.
  assert (loop : exists n, n = S n).
  { exists (count 1 0 (fun _ => 0)).
    remember (S (count 1 0 (fun _ => 0))) as more eqn:E.
    rewrite outer, inner, <- E. reflexivity. }
  destruct loop as [n H]. induction n as [|n IH].
  - discriminate H.
  - injection H as H. exact (IH H).
Qed.
