Tactic Notation "both" tactic3(l) "and" tactic3(r) := split; [l | r].
Tactic Notation "give" constr(x) := exists x.
Tactic Notation (at level 3) "twice" tactic3(t) := t; t.
Tactic Notation "use" ne_constr_list(xs) := idtac xs.
Lemma a : True /\ 1 = 1.
Proof. both exact I and reflexivity. Qed.
Lemma b : exists n, n = 2.
Proof. give 2. use 1 2 3. reflexivity. Qed.
Lemma c : 2 <= 4.
Proof. twice constructor. constructor. Qed.
