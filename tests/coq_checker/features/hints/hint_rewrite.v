(* EXPECT: not_rewritten FAILED tactic *)
Lemma plus_0 n : n + 0 = n.
Proof. induction n; simpl; congruence. Qed.
#[global] Hint Rewrite plus_0 : zeros.
#[global] Hint Unfold Nat.double : zeros.
#[global] Hint Opaque Nat.add : zeros.
Lemma twice n : n + 0 + 0 = n.
Proof. autorewrite with zeros. reflexivity. Qed.
Lemma not_rewritten n m : n + m = m.
Proof. autorewrite with zeros. reflexivity. Qed.
Lemma unfolded n : Nat.double n = n + n.
Proof. autounfold with zeros. reflexivity. Qed.
