Definition ack : nat -> nat -> nat :=
  fix f n := match n with 0 => S | S p => fix g m := match m with 0 => f p 1 | S q => f p (g q) end end.
Definition later (n : nat) : let k := S n in k = S n.
Proof. exact eq_refl. Qed.
Definition body : nat := let f := fun x => x in let 'pair a b := (1, 2) in f (a + b).
Lemma ack_two : ack 2 1 = 5 /\ body = 3.
Proof. split; reflexivity. Qed.
