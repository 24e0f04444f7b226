Definition positive n := match n with O => False | S _ => True end.
Definition above_one n := match n with O => False | S k => positive k end.

Fixpoint cheat (n : nat) {struct n} : positive n -> False.
Proof.
  refine (match n with
  | O => fun none => none
  | S less => fun _ =>
    let step (b : bool) (same : b = true) (k : nat) (large : above_one k) :=
      cheat (match (if b then k else less) with O => less | S j => j end) _
    in step true eq_refl 3 I
  end).
  subst b. destruct k as [|k]; [destruct large | exact large].
Defined.

Theorem goal : False.
Proof. exact (cheat 1 I). Qed.
