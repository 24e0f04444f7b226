(* EXPECT: not_guarded FAILED kernel *)
Fixpoint double (n : nat) {struct n} : nat.
Proof. destruct n as [ | m]; [exact 0 | exact (S (S (double m)))]. Defined.
Fixpoint not_guarded (n : nat) : nat.
Proof. exact (not_guarded n). Defined.
Fixpoint le_plus (n m : nat) : n <= n + m.
Proof. destruct n; simpl; [apply le_0_n | apply le_n_S, le_plus]. Qed.
Example two : double 1 = 2.
Proof. reflexivity. Qed.
