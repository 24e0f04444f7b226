Section Lets.
  Let two := 2.
  Let four : nat.
  Proof. exact (two + two). Defined.
  Let opaque : two = 2.
  Proof. reflexivity. Qed.
  Let Fixpoint count (n : nat) : nat := match n with 0 => 0 | S m => S (count m) end.
  Theorem four_is_four : four = 4.
  Proof. reflexivity. Qed.
  Theorem counts : count two = 2.
  Proof. rewrite opaque. reflexivity. Qed.
End Lets.
Fail Check four.
Lemma still : 4 = 4.
Proof. exact four_is_four. Qed.
