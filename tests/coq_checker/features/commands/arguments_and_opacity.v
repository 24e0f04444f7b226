(* EXPECT: stays_folded FAILED tactic *)
Definition two := 2.
Definition f {A : Type} (n : nat) (a : A) := a.
Arguments f {A} n%nat_scope a : rename.
Arguments Nat.add !n m / : simpl nomatch.
Opaque two.
Lemma stays_folded : two = 2.
Proof. cbv. reflexivity || fail. Fail exact I. exact I. Qed.
Transparent two.
Lemma opened : two = 2.
Proof. reflexivity. Qed.
Strategy expand [two] 100 [f].
#[local] Strategy opaque [two].
Lemma by_with_strategy : two = two.
Proof. with_strategy transparent [two] reflexivity. Qed.
