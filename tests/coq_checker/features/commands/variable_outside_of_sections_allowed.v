Set Warnings "-declaration-outside-section".
Variable v : nat.
Hypothesis h : v = 0.
Let w := v.
Lemma zero : w = 0.
Proof. exact h. Qed.
