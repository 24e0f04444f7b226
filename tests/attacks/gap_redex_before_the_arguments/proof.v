Fixpoint liar (n : nat) {struct n} : Prop.
Proof.
  refine (match n with O => True | S k => _ k k end).
  fix walk 2.
  exact ((fun p q r : nat => match r with O => ~ liar q | S rest => walk p rest end) 2).
Defined.

Lemma step k : liar (S k) =
  (fix walk (a b : nat) {struct b} : Prop :=
     (fun p q r : nat => match r with O => ~ liar q | S rest => walk p rest end) 2 a b) k k.
Proof. reflexivity. Qed.

Theorem goal : False.
Proof.
  pose proof (step 1) as E. cbn -[liar] in E.
  assert (no : ~ liar 2).
  { intros yes. pose proof yes as denied. rewrite E in denied. exact (denied yes). }
  apply no. rewrite E. exact no.
Qed.
