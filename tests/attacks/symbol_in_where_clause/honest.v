Fixpoint sum (n m : nat) := match n with 0 => m | S k => S (sum k m) end
where "x + y" := (sum x y) : mine_scope.
Theorem goal : forall n m : nat, n + m = m + n.
Proof.
  induction n as [|n IH]; intros m.
  - now rewrite <- plus_n_O.
  - simpl. now rewrite IH, plus_n_Sm.
Qed.
