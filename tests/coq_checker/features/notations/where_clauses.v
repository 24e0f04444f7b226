Reserved Notation "a ~> b" (at level 70).
Inductive step : nat -> nat -> Prop := down n : S n ~> n where "a ~> b" := (step a b).
Reserved Infix "-->" (at level 80).
Fixpoint steps (n a b : nat) : Prop := match n with 0 => a = b | S m => exists c, a ~> c /\ steps m c b end.
Lemma two : steps 2 2 0.
Proof. exists 1. split; [constructor | ]. exists 0. split; [constructor | reflexivity]. Qed.
