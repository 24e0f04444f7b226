Module M.
  Require Import Arith.
  Lemma comm n m : n + m = m + n.
  Proof. apply Nat.add_comm. Qed.
End M.
Lemma in_proof (n : nat) : n < S n.
Proof.
  Require Import Lia.
  lia.
Qed.
