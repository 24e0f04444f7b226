Fixpoint drain (n : nat) : nat :=
  match n with
  | O => O
  | S k =>
    (fix fill (p m : nat) {struct m} : nat :=
       match m with O => p | S rest => empty (S p) rest end
     with empty (p m : nat) {struct m} : nat :=
       match m with O => S (drain p) | S rest => fill p rest end
     for fill) k k
  end.

Lemma step k : drain (S k) =
  (fix fill (p m : nat) {struct m} : nat :=
     match m with O => p | S rest => empty (S p) rest end
   with empty (p m : nat) {struct m} : nat :=
     match m with O => S (drain p) | S rest => fill p rest end
   for fill) k k.
Proof. reflexivity. Qed.

Theorem goal : False.
Proof.
  assert (E : drain 2 = S (drain 2)) by (apply (eq_trans (step 1)); reflexivity).
  induction (drain 2) as [|n IH]; [discriminate E | injection E as E; exact (IH E)].
Qed.
