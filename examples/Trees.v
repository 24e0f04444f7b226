(** Binary search trees, and a program whose proof obligations are solved one by one. *)

Require Import Arith Lia List Program.
Import ListNotations.

Module Tree.
  Inductive tree : Type :=
  | Leaf : tree
  | Node : tree -> nat -> tree -> tree.

  Fixpoint mirror (t : tree) : tree :=
    match t with
    | Leaf => Leaf
    | Node l x r => Node (mirror r) x (mirror l)
    end.

  Fixpoint elements (t : tree) : list nat :=
    match t with
    | Leaf => []
    | Node l x r => elements l ++ x :: elements r
    end.

  Fixpoint size (t : tree) : nat :=
    match t with
    | Leaf => 0
    | Node l _ r => S (size l + size r)
    end.

  Theorem mirror_involutive (t : tree) : mirror (mirror t) = t.
  Proof.
    induction t as [| l IHl x r IHr]; cbn.
    - reflexivity.
    - now rewrite IHl, IHr.
  Qed.

  Theorem elements_mirror (t : tree) : elements (mirror t) = rev (elements t).
  Proof.
    induction t as [| l IHl x r IHr]; cbn; [reflexivity |].
    rewrite rev_app_distr, IHl, IHr. cbn. now rewrite <- app_assoc.
  Qed.

  Lemma length_elements (t : tree) : length (elements t) = size t.
  Proof.
    induction t; cbn; [reflexivity |]. rewrite length_app. cbn. lia.
  Qed.
End Tree.

Import Tree.

Inductive all (P : nat -> Prop) : tree -> Prop :=
| all_leaf : all P Leaf
| all_node (l : tree) (x : nat) (r : tree) : all P l -> P x -> all P r -> all P (Node l x r).

Inductive search_tree : tree -> Prop :=
| search_leaf : search_tree Leaf
| search_node (l : tree) (x : nat) (r : tree) :
    search_tree l -> search_tree r -> all (fun y => y < x) l -> all (fun y => x < y) r ->
    search_tree (Node l x r).

#[local] Hint Constructors all search_tree : trees.

Fixpoint insert (x : nat) (t : tree) : tree :=
  match t with
  | Leaf => Node Leaf x Leaf
  | Node l y r =>
      match x ?= y with
      | Lt => Node (insert x l) y r
      | Eq => t
      | Gt => Node l y (insert x r)
      end
  end.

Lemma all_insert (P : nat -> Prop) (x : nat) (t : tree) : P x -> all P t -> all P (insert x t).
Proof with auto with trees.
  intros holds. induction 1 as [| l y r below IHl at_y above IHr]; cbn...
  destruct (x ?= y)...
Qed.

Theorem insert_search_tree (x : nat) (t : tree) : search_tree t -> search_tree (insert x t).
Proof.
  induction 1 as [| l y r Hl IHl Hr IHr below above]; cbn.
  - auto with trees.
  - destruct (Nat.compare_spec x y) as [same | less | more].
    + auto with trees.
    + constructor; auto. now apply all_insert.
    + constructor; auto. now apply all_insert.
Qed.

(** Programs on trees that carry a proof: what Coq cannot fill in by itself is an obligation. *)

Program Definition insert_ordered (x : nat) (t : { t : tree | search_tree t }) :
  { t : tree | search_tree t } := insert x t.
Next Obligation.
  now apply insert_search_tree.
Qed.

Program Definition root_of (t : { t : tree | t <> Leaf }) : { x : nat | In x (elements t) } :=
  match t with
  | Leaf => !
  | Node _ x _ => x
  end.
Next Obligation.
  apply in_or_app. right. now left.
Qed.

Lemma all_In (P : nat -> Prop) (t : tree) : all P t -> forall x, In x (elements t) -> P x.
Proof.
  induction 1 as [| l y r below IHl at_y above IHr]; cbn; intros x found.
  - contradiction.
  - apply in_app_or in found as [left | [<- | right]]; auto.
Qed.
