Definition pass (self : nat -> Prop) : nat -> nat -> Prop :=
  fix raise (p m : nat) {struct m} : Prop :=
    match m with O => True | S rest => use (S p) rest end
  with use (p m : nat) {struct m} : Prop :=
    match m with O => ~ self p | S rest => raise p rest end
  for raise.
Theorem goal : False.
