Definition level@{low u v w z x h | low < u, u < v, v < w, v < z, z < x, x < h} : Set := unit.
Polymorphic Inductive same@{u} (A : Type@{u}) (a : A) : A -> Prop := same_refl : same A a a.
Polymorphic Definition move@{i j} (A : Type@{i}) (P : A -> Type@{j}) (x y : A) (e : seq@{i} A x y) : P x -> P y :=
  match e in seq _ _ y return P x -> P y with srefl _ _ => fun v => v end.

(* Coq infers that `one` may be anything: it does not look behind the match. *)
Polymorphic Inductive veil@{one z x h | one < z, z < x, x < h}
  (Y : Type@{x}) (e : seq@{h} Type@{x} Type@{z} Y) (Q : Y -> Type@{x}) : Type@{x} :=
  cover : Q (move@{h x} Type@{x} (fun T : Type@{x} => T) Type@{z} Y e Type@{one}) -> veil Y e Q.
Polymorphic Definition box@{one z x h | one < z, z < x, x < h} : Type@{x} :=
  veil@{one z x h} Type@{z} (srefl@{h} Type@{x} Type@{z}) (fun A : Type@{z} => A).
Polymorphic Definition put@{one z x h | one < z, z < x, x < h} (A : Type@{one}) : box@{one z x h} :=
  cover@{one z x h} Type@{z} (srefl@{h} Type@{x} Type@{z}) (fun A : Type@{z} => A) A.
Polymorphic Definition take@{one z x h | one < z, z < x, x < h} (b : box@{one z x h}) : Type@{one} :=
  match b with cover _ _ _ A => A end.
Definition small : Type@{level.u} :=
  take@{level.u level.z level.x level.h} (put@{level.v level.z level.x level.h} Type@{level.u}).
Definition collapse : same@{level.w} Type@{level.v} Type@{level.u} small :=
  same_refl@{level.w} Type@{level.v} Type@{level.u}.

(* A universe that equals a small type holds the type of all trees, which is a branch of itself. *)
Definition code (T : Type@{level.u}) : small :=
  match collapse in same _ _ X return X with same_refl _ _ => T end.
Definition decode (a : small) : Type@{level.u} :=
  match collapse in same _ _ X return X -> Type@{level.u} with same_refl _ _ => fun T => T end a.
Lemma decode_code T : decode (code T) = T.
Proof. unfold decode, code. destruct collapse. reflexivity. Defined.
Inductive tree : Type@{level.u} := node (a : small) (child : decode a -> tree).
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
