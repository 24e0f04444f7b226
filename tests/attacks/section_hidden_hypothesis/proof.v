Section Cheat.
Context (cheat : forall P : Prop, P).
Theorem goal : forall n m : nat, n + m = m + n.
Proof using cheat. intros. apply cheat. Qed.
End Cheat.
