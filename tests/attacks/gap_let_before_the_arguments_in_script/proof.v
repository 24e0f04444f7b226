Definition pass (self : nat -> Type) (whole : nat) : nat -> nat -> Type :=
  fix walk (start : nat := whole) (p m : nat) {struct m} : Type :=
    match m with O => self p -> False | S rest => walk start rest end.

Fixpoint liar (n : nat) : Type :=
  match n with O => unit | S k => pass liar n k k end.

Definition no (yes : liar 2) : False := yes yes.

Theorem goal : False.
Proof. exact (no no). Qed.
