(** A compiler from arithmetic expressions to a stack machine, and its correctness. *)

Require Import Arith List.
Import ListNotations.
From Example Require Import Arith ListFacts.

Inductive expression : Type :=
| Constant : nat -> expression
| Plus : expression -> expression -> expression
| Times : expression -> expression -> expression.

Fixpoint value (e : expression) : nat :=
  match e with
  | Constant n => n
  | Plus a b => value a + value b
  | Times a b => value a * value b
  end.

Inductive instruction : Type := Push (n : nat) | Add | Multiply.

Definition step (i : instruction) (stack : list nat) : list nat :=
  match i, stack with
  | Push n, _ => n :: stack
  | Add, x :: y :: rest => y + x :: rest
  | Multiply, x :: y :: rest => y * x :: rest
  | _, _ => stack
  end.

Definition run (program : list instruction) (stack : list nat) : list nat :=
  fold_left (fun s i => step i s) program stack.

Fixpoint compile (e : expression) : list instruction :=
  match e with
  | Constant n => [Push n]
  | Plus a b => compile a ++ compile b ++ [Add]
  | Times a b => compile a ++ compile b ++ [Multiply]
  end.

Lemma run_app (p q : list instruction) (stack : list nat) : run (p ++ q) stack = run q (run p stack).
Proof. apply fold_left_app. Qed.

Theorem compile_correct (e : expression) (stack : list nat) : run (compile e) stack = value e :: stack.
Proof.
  revert stack. induction e as [n | a IHa b IHb | a IHa b IHb]; intros stack; cbn [compile value].
  - reflexivity.
  - rewrite !run_app, IHa, IHb. reflexivity.
  - rewrite !run_app, IHa, IHb. reflexivity.
Qed.

(** Folding constants keeps the value. *)

Fixpoint fold_constants (e : expression) : expression :=
  match e with
  | Constant n => Constant n
  | Plus a b =>
      match fold_constants a, fold_constants b with
      | Constant m, Constant n => Constant (m + n)
      | a', b' => Plus a' b'
      end
  | Times a b =>
      match fold_constants a, fold_constants b with
      | Constant m, Constant n => Constant (m * n)
      | a', b' => Times a' b'
      end
  end.

Theorem fold_constants_sound (e : expression) : value (fold_constants e) = value e.
Proof.
  induction e as [n | a IHa b IHb | a IHa b IHb]; cbn; [reflexivity | |];
    rewrite <- IHa, <- IHb; destruct (fold_constants a), (fold_constants b); reflexivity.
Qed.

Corollary folded_program_correct (e : expression) :
  run (compile (fold_constants e)) [] = run (compile e) [].
Proof. now rewrite !compile_correct, fold_constants_sound. Qed.

Definition sum_expression (l : list nat) : expression :=
  fold_right (fun n e => Plus (Constant n) e) (Constant 0) l.

Property sum_expression_total (l : list nat) : value (sum_expression l) = total l.
Proof.
  unfold sum_expression. induction l as [| x l IH]; cbn; congruence.
Qed.

Theorem compiled_sum (n : nat) : run (compile (sum_expression (seq 1 n))) [] = [sum_to n].
Proof. rewrite compile_correct, sum_expression_total, total_seq. reflexivity. Qed.
