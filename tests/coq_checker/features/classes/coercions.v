Definition to_nat (b : bool) : nat := if b then 1 else 0.
Coercion to_nat : bool >-> nat.
Coercion is_true (b : bool) := b = true.
Coercion of_unit (u : unit) : bool.
Proof. exact true. Defined.
#[local] Coercion of_empty (e : Empty_set) : unit := tt.
Record pred := { carrier : nat -> Prop }.
Coercion carrier : pred >-> Funclass.
Definition alias := nat.
Identity Coercion alias_nat : alias >-> nat.
Lemma used (P : pred) (a : alias) : P a -> true + a = S a.
Proof. reflexivity. Qed.
Lemma unit_is : tt.
Proof. reflexivity. Qed.
