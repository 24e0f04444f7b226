Require Import Utf8 List.
Notation "⊤" := True.
Notation "x ∈ l" := (List.In x l) (at level 70).
Theorem été (α β : Prop) : α ∧ β → β ∧ α.
Proof. intros [ha hb]. split; assumption. Qed.
Lemma 命题 : ∀ n : nat, n = n.
Proof. reflexivity. Qed.
Lemma ℕ' (x₁ x₂ : nat) : x₁ = x₂ → x₂ = x₁. Proof. now intros ->. Qed.
Goal ⊤ ∨ 1 ∈ nil. left. exact I. Qed.
