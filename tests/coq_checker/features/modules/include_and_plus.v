Module Type Base. Parameter t : Type. Parameter f : t -> t. End Base.
Module Facts (B : Base).
  Definition twice x := B.f (B.f x).
  Lemma twice_f x : twice x = B.f (B.f x).
  Proof. reflexivity. Qed.
End Facts.
Module Succ <: Base.
  Definition t := nat.
  Definition f := S.
  Include Facts.
End Succ.
Module Pred. Definition t := nat. Definition f := pred. End Pred.
Module All := Pred <+ Facts.
Lemma succ : Succ.twice 1 = 3 /\ All.twice 3 = 1.
Proof. split; [apply Succ.twice_f | reflexivity]. Qed.
