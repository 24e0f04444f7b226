(** Sums, powers and parity: goals about natural numbers. *)

Require Import Arith Lia.

Fixpoint sum_to (n : nat) : nat :=
  match n with
  | O => O
  | S m => n + sum_to m
  end.

Theorem sum_to_closed (n : nat) : 2 * sum_to n = n * (n + 1).
Proof.
  induction n as [| n IH].
  - reflexivity.
  - cbn [sum_to]. rewrite Nat.mul_add_distr_l, IH. lia.
Qed.

Lemma sum_to_grows (n m : nat) : n <= m -> sum_to n <= sum_to m.
Proof.
  induction 1 as [| m _ IH].
  - apply le_n.
  - cbn. lia.
Qed.

Fixpoint power (base exponent : nat) : nat :=
  match exponent with
  | O => 1
  | S e => base * power base e
  end.

Lemma power_add (b m n : nat) : power b (m + n) = power b m * power b n.
Proof.
  induction m as [| m IH]; cbn.
  - now rewrite Nat.add_0_r.
  - now rewrite IH, Nat.mul_assoc.
Qed.

Corollary power_double (b n : nat) : power b (n + n) = power b n * power b n.
Proof. apply power_add. Qed.

Fact power_positive (b n : nat) : 0 < b -> 0 < power b n.
Proof.
  intros positive. induction n as [| n IH]; cbn; [lia |].
  now apply Nat.mul_pos_pos.
Qed.

(** Parity as two predicates that lean on each other, and a mutual lemma about them. *)

Inductive even : nat -> Prop :=
| even_O : even 0
| even_S (n : nat) : odd n -> even (S n)
with odd : nat -> Prop :=
| odd_S (n : nat) : even n -> odd (S n).

Lemma even_half (n : nat) (H : even n) : exists k, n = 2 * k
with odd_half (n : nat) (H : odd n) : exists k, n = 2 * k + 1.
Proof.
  - destruct H as [| n H].
    + now exists 0.
    + destruct (odd_half n H) as [k ->]. exists (S k). lia.
  - destruct H as [n H].
    destruct (even_half n H) as [k ->]. exists k. lia.
Qed.

Proposition even_or_odd (n : nat) : even n \/ odd n.
Proof.
  induction n as [| n [IH | IH]].
  - left. constructor.
  - right. now constructor.
  - left. now constructor.
Qed.

(** A decision made by a proof, kept transparent so that it computes. *)

Definition smaller (n m : nat) : { n < m } + { m <= n }.
Proof.
  destruct (Nat.ltb n m) eqn:test.
  - left. now apply Nat.ltb_lt.
  - right. now apply Nat.ltb_ge.
Defined.

Example smaller_computes : (if smaller 3 5 then true else false) = true.
Proof. reflexivity. Qed.

Remark between (x y z : nat) : x < y -> y < z -> x + 2 <= z.
Proof. lia. Qed.
