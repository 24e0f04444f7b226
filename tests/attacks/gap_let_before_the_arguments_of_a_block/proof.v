Proof.
  assert (H : exists liar : nat -> Prop, forall k, liar (S k) =
    (fix one (p m : nat) {struct m} : Prop :=
       match m with O => ~ liar p | S rest => two p rest end
     with two (start : nat := S k) (p m : nat) {struct m} : Prop :=
       match m with O => True | S rest => one start rest end
     for one) k k).
  { exists (fix liar (n : nat) {struct n} : Prop := match n with O => True | S k =>
    (fix one (p m : nat) {struct m} : Prop :=
       match m with O => ~ liar p | S rest => two p rest end
     with two (start : nat := S k) (p m : nat) {struct m} : Prop :=
       match m with O => True | S rest => one start rest end
     for one) k k end).
    intros k. reflexivity. }
  destruct H as [liar H]. pose proof (H 2) as E. cbn in E.
  assert (no : ~ liar 3).
  { intros yes. pose proof yes as denied. rewrite E in denied. exact (denied yes). }
  apply no. rewrite E. exact no.
Qed.
