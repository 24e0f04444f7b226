(* SINCE: 9.2 *)
Sorts q r.
Section S.
  Set Universe Polymorphism.
  Sort s.
  Universe u.
  Definition id_of (A : Type@{s;u}) (a : A) : A := a.
  Lemma inside : True.
  Proof. exact I. Qed.
End S.
Lemma after : True.
Proof. exact I. Qed.
