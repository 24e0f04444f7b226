Inductive bit := O_ | I_.
Definition to_bit (n : Number.uint) : option bit :=
  match n with
  | Number.UIntDecimal (Decimal.D0 Decimal.Nil) => Some O_
  | Number.UIntDecimal (Decimal.D1 Decimal.Nil) => Some I_
  | _ => None
  end.
Definition of_bit (b : bit) : Number.uint :=
  match b with O_ => Number.UIntDecimal (Decimal.D0 Decimal.Nil) | I_ => Number.UIntDecimal (Decimal.D1 Decimal.Nil) end.
Declare Scope bit_scope.
Delimit Scope bit_scope with bit.
Number Notation bit to_bit of_bit : bit_scope.
Lemma zero : 0%bit = O_.
Proof. reflexivity. Qed.
Fail Check 2%bit.
