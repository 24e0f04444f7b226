Definition add (n m : nat) := n + m.
Infix "<+>" := add (at level 50) : mine_scope.
Open Scope mine_scope.
Theorem goal : forall n m : nat, n <+> m = m <+> n.
Proof.
  unfold add. induction n as [|n IH]; intros m.
  - now rewrite <- plus_n_O.
  - simpl. now rewrite IH, plus_n_Sm.
Qed.
