(* EXPECT: too_large FAILED tactic *)
Universes u v.
Constraint u < v.
Definition small : Type@{v} := Type@{u}.
Lemma fits : exists T : Type@{v}, T = Type@{u}.
Proof. exists Type@{u}. reflexivity. Qed.
Lemma too_large : Type@{u}.
Proof. exact Type@{v}. Qed.
Fail Constraint v < u.
Module M. Universe u. Definition t := Type@{u}. End M.
Check Type@{M.u}.
