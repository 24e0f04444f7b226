Definition pass (self : nat -> Prop) (whole : nat) : nat -> nat -> Prop :=
  fix walk (start : nat := whole) (p m : nat) {struct m} : Prop :=
    match m with O => ~ self p | S rest => walk start rest end.
Theorem goal : True /\ ~ False.
