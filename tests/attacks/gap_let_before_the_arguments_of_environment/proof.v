Proof.
  assert (H : exists liar : nat -> Prop, forall k, liar (S k) =
    pass liar (S k) k k).
  { exists (fix liar (n : nat) {struct n} : Prop := match n with O => True | S k =>
    pass liar (S k) k k end).
    intros k. reflexivity. }
  destruct H as [liar H]. pose proof (H 1) as E. cbn in E.
  assert (no : ~ liar 2).
  { intros yes. pose proof yes as denied. rewrite E in denied. exact (denied yes). }
  apply no. rewrite E. exact no.
Qed.
