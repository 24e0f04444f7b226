(* BEFORE: 9.0 *)
Obligation Tactic := idtac.
Program Definition two (n : nat) : {m | m = n} * {m | m = S n} := (n, S n).
Obligation 2 : (forall n, S n = S n). reflexivity. Qed.
Obligation 1. intro n. exact eq_refl. Defined.
Lemma after : True.
Proof. exact I. Qed.
