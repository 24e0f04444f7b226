Definition level@{low u v w z | low < u, u < v, v < w, w < z} : Set := unit.
Polymorphic Inductive same@{u} (A : Type@{u}) (a : A) : A -> Prop := same_refl : same A a a.
Polymorphic Definition move@{i j} (A : Type@{i}) (P : A -> Type@{j}) (x y : A) (e : seq@{i} A x y) : P x -> P y :=
  match e in seq _ _ y return P x -> P y with srefl _ _ => fun v => v end.
Lemma flag : bool.
Proof. exact true. Qed.

(* A type of the level `here` that equals a universe. *)
Polymorphic Inductive witness@{one here out | one < out, here < out} : Type@{out} :=
  holds (A : Type@{here}) (e : forall P : Type@{out} -> Prop, P Type@{one} -> P A).
Polymorphic Definition either@{one here out | one < out, here < out} : Type@{out} :=
  if flag then witness@{one here out} else witness@{one here out}.
Polymorphic Definition given@{one here out | one < here, here < out} : either@{one here out} :=
  match flag as b return (if b then witness@{one here out} else witness@{one here out}) with
  | true => holds@{one here out} Type@{one} (fun P x => x)
  | false => holds@{one here out} Type@{one} (fun P x => x)
  end.

(* Coq reduces these types to those of functions, and reads the choice in them back without its universes. *)
Polymorphic Definition forced_out@{one here out top | one < out, here < out, out < top} : Type@{out} :=
  let T := (fun _ : unit => either@{one here out}) tt in
  move@{top top} Type@{out} (fun _ => Type@{out})
    T (if flag then witness@{one here out} else witness@{one here out})
    (srefl@{top} Type@{out} T) (unit -> T).
Polymorphic Definition forced_in@{one here out top | one < out, here < out, out < top} : Type@{out} :=
  let T := (fun _ : unit => either@{one here out}) tt in
  move@{top top} Type@{out} (fun _ => Type@{out})
    T (if flag then witness@{one here out} else witness@{one here out})
    (srefl@{top} Type@{out} T) (T -> witness@{one here out}).
Polymorphic Definition opened@{one here out | one < out, here < out} :
  either@{one here out} -> witness@{one here out} :=
  match flag as b
    return (if b then witness@{one here out} else witness@{one here out}) -> witness@{one here out}
  with true => fun x => x | false => fun x => x end.
Definition taken : witness@{level.u level.u level.v}.
Proof.
  exact_no_check ((opened@{level.u level.u level.v} : forced_in@{level.u level.u level.v level.z})
    ltac:(exact_no_check (
      ((fun _ : unit => given@{level.u level.v level.w}) : forced_out@{level.u level.v level.w level.z}) tt))).
Defined.
Definition small : Type@{level.u} := match taken return Type@{level.u} with holds A _ => A end.
Definition collapse : same@{level.w} Type@{level.v} Type@{level.u} small :=
  match taken as x
    return same@{level.w} Type@{level.v} Type@{level.u} (match x return Type@{level.u} with holds A _ => A end)
  with
  | holds A e =>
    e (fun X => same@{level.w} Type@{level.v} Type@{level.u} X) (same_refl@{level.w} Type@{level.v} Type@{level.u})
  end.
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
