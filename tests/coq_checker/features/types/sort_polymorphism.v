Set Universe Polymorphism.
Inductive pair@{s|u|} (A B : Type@{s|u}) : Type@{s|u} := mk : A -> B -> pair A B.
Definition first@{s|u|} (A B : Type@{s|u}) (p : pair@{s|u} A B) : A := match p with mk _ _ a _ => a end.
Lemma first_mk (a b : nat) : first _ _ (mk _ _ a b) = a.
Proof. reflexivity. Qed.
