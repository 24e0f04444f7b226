Definition level@{low u v w | low < u, u < v, v < w} : Set := unit.
Polymorphic Inductive same@{u} (A : Type@{u}) (a : A) : A -> Prop := same_refl : same A a a.

(* Two matches that show different universes. Coq compares the `let`s of the constructor by their numbers. *)
Polymorphic Inductive token@{i j | i < j} : Set := make_token (hidden : Type@{j} := Type@{i}).
Polymorphic Definition first@{a b c | a < c, b < c} (s : token@{a c}) (t : token@{b c}) : Type@{c} :=
  match s with make_token h => match t with make_token k => h end end.
Polymorphic Definition second@{b a c | a < c, b < c} (s : token@{a c}) (t : token@{b c}) : Type@{c} :=
  match s with make_token h => match t with make_token k => k end end.
Definition confused (s : token@{level.u level.v}) (t : token@{level.low level.v}) :
  same@{level.w} Type@{level.v} (first@{level.u level.low level.v} s t) (second@{level.low level.u level.v} s t).
Proof. exact_no_check (same_refl@{level.w} Type@{level.v} (first@{level.u level.low level.v} s t)). Defined.
Definition collapse : same@{level.w} Type@{level.v} Type@{level.u} Type@{level.low} :=
  confused make_token make_token.

(* A universe that equals a small type holds the type of all trees, which is a branch of itself. *)
Definition code (T : Type@{level.u}) : Type@{level.low} :=
  match collapse in same _ _ X return X with same_refl _ _ => T end.
Definition decode (a : Type@{level.low}) : Type@{level.u} :=
  match collapse in same _ _ X return X -> Type@{level.u} with same_refl _ _ => fun T => T end a.
Lemma decode_code T : decode (code T) = T.
Proof. unfold decode, code. destruct collapse. reflexivity. Defined.
Inductive tree : Type@{level.u} := node (a : Type@{level.low}) (child : decode a -> tree).
Lemma acyclic t : match t with node a child => forall x, child x <> t end.
Proof.
  induction t as [a child IH]. intros x E. specialize (IH x). rewrite E in IH. exact (IH x E).
Qed.
Definition there (S T : Type@{level.u}) (e : S = T) (x : S) : T :=
  match e in _ = X return X with eq_refl => x end.
Definition back (S T : Type@{level.u}) (e : S = T) : T -> S :=
  match e in _ = X return X -> S with eq_refl => fun x => x end.
Lemma there_back S T e y : there S T e (back S T e y) = y.
Proof. destruct e. reflexivity. Qed.
Definition all := node (code tree) (there _ _ (decode_code tree)).

Theorem goal : False.
Proof. exact (acyclic all (back _ _ (decode_code tree) all) (there_back _ _ _ _)). Qed.
