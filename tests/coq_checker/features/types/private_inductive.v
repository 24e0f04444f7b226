Module M.
  #[private(matching)] Inductive closed := one | two.
  Definition read (c : closed) : nat := match c with one => 1 | two => 2 end.
  Lemma read_one : read one = 1.
  Proof. reflexivity. Qed.
End M.
Fail Definition out (c : M.closed) := match c with M.one => 1 | M.two => 2 end.
Lemma outside : M.read M.two = 2.
Proof. reflexivity. Qed.
