Proof.
  exact (ex_intro (fun f : unit -> nat => f tt = 0)
    (fix wild (u : unit) {struct u} : nat :=
      (fix walk (unused : unit -> nat) (n : nat) {struct n} : nat :=
         match n with O => 0 | S less => walk unused less end) wild 0)
    eq_refl).
Qed.
