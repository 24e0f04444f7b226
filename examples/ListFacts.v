(** Lists: a section with its own variables, sorting, and a reflection between tests and propositions. *)

Require Import Arith Bool Lia List.
Import ListNotations.
From Example Require Import Arith.

Section Snoc.
  Context {A : Type}.
  Variable default : A.

  Fixpoint snoc (l : list A) (x : A) : list A :=
    match l with
    | [] => [x]
    | y :: rest => y :: snoc rest x
    end.

  Lemma snoc_app (l : list A) (x : A) : snoc l x = l ++ [x].
  Proof. induction l as [| y l IH]; cbn; congruence. Qed.

  Lemma length_snoc (l : list A) (x : A) : length (snoc l x) = S (length l).
  Proof. rewrite snoc_app, length_app. cbn. apply Nat.add_1_r. Qed.

  Lemma last_snoc (l : list A) (x : A) : last (snoc l x) default = x.
  Proof.
    rewrite snoc_app. apply last_last.
  Qed.
End Snoc.

Theorem rev_snoc {A : Type} (l : list A) (x : A) : rev (snoc l x) = x :: rev l.
Proof.
  rewrite snoc_app. now rewrite rev_app_distr.
Qed.

Fixpoint total (l : list nat) : nat :=
  match l with
  | [] => 0
  | x :: rest => x + total rest
  end.

Lemma total_app (l k : list nat) : total (l ++ k) = total l + total k.
Proof. induction l; cbn; lia. Qed.

Lemma total_seq (n : nat) : total (seq 1 n) = sum_to n.
Proof.
  induction n as [| n IH].
  - reflexivity.
  - rewrite seq_S, total_app, IH. cbn. lia.
Qed.

(** Insertion sort. *)

Inductive sorted : list nat -> Prop :=
| sorted_nil : sorted []
| sorted_one (x : nat) : sorted [x]
| sorted_cons (x y : nat) (l : list nat) : x <= y -> sorted (y :: l) -> sorted (x :: y :: l).

Fixpoint insert (x : nat) (l : list nat) : list nat :=
  match l with
  | [] => [x]
  | y :: rest => if x <=? y then x :: y :: rest else y :: insert x rest
  end.

Fixpoint sort (l : list nat) : list nat :=
  match l with
  | [] => []
  | x :: rest => insert x (sort rest)
  end.

Lemma insert_sorted (x : nat) (l : list nat) : sorted l -> sorted (insert x l).
Proof.
  induction 1 as [| y | y z l below rest IH]; cbn.
  - constructor.
  - destruct (Nat.leb_spec x y); constructor; try lia; constructor.
  - destruct (Nat.leb_spec x y).
    + now repeat apply sorted_cons.
    + cbn in IH. destruct (Nat.leb_spec x z); constructor; try assumption; lia.
Qed.

Theorem sort_sorted (l : list nat) : sorted (sort l).
Proof.
  induction l as [| x l IH]; cbn.
  - constructor.
  - now apply insert_sorted.
Qed.

Theorem total_sort (l : list nat) : total (sort l) = total l.
Proof.
  assert (inserted : forall x k, total (insert x k) = x + total k).
  { intros x k. induction k as [| y k IH]; cbn; [lia |].
    destruct (x <=? y); cbn; lia. }
  induction l as [| x l IH]; cbn; [reflexivity |].
  now rewrite inserted, IH.
Qed.

(** A boolean test and what it decides. *)

Fixpoint mem (x : nat) (l : list nat) : bool :=
  match l with
  | [] => false
  | y :: rest => (x =? y) || mem x rest
  end.

Lemma memP (x : nat) (l : list nat) : reflect (In x l) (mem x l).
Proof.
  apply iff_reflect. induction l as [| y l IH]; cbn.
  - now split.
  - rewrite orb_true_iff, <- IH, Nat.eqb_eq. intuition congruence.
Qed.
