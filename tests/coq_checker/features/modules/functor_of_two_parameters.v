Module Type S. Parameter n : nat. End S.
Module F (A : S) (Import B : S).
  Definition m := A.n + n.
  Theorem sum : m = A.n + B.n.
  Proof. reflexivity. Qed.
End F.
Module One. Definition n := 1. End One.
Module FF := F One One.
Module G (X : S) := F X One.
Module GG := G One.
Example two : FF.m = GG.m.
Proof. reflexivity. Qed.
