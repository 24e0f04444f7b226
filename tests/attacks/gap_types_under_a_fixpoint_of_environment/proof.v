Definition moved {A B : Type} (E : A = B) (b : box A) : box B := match E in _ = T return box T with eq_refl => b end.
Fixpoint grow (t : tree) : nat :=
  match t with leaf => 1 | node b => S (seek grow twist b) end.

Lemma moved_put A B (E : A = B) (x : A) : moved E (put A x) = put B (match E in _ = T return T with eq_refl => x end).
Proof. destruct E. reflexivity. Qed.

Theorem goal : False.
Proof.
  pose (other := node (wrap tree (put tree leaf))).
  assert (E : grow other = S (grow other)).
  { change (S (seek grow twist (moved twist (put tree leaf))) = S (grow other)).
    rewrite moved_put, twisted. reflexivity. }
  induction (grow other) as [|n IH]; [discriminate E | injection E as E; exact (IH E)].
Qed.
