From Equations Require Import Equations.
Require Import Lia.
Equations? log (n : nat) : nat by wf n lt :=
  log 0 := 0;
  log (S n) := S (log (Nat.div2 n)).
Proof. pose proof (PeanoNat.Nat.div2_div n). rewrite H. pose proof (PeanoNat.Nat.Div0.div_le_mono n n 1).
  destruct n; [simpl; lia | ]. rewrite <- H. pose proof (PeanoNat.Nat.lt_div2 (S n)). lia. Qed.
Lemma log_zero : log 0 = 0.
Proof. simp log. reflexivity. Qed.
