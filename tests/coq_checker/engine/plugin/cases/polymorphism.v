(* Universe polymorphism and primitive projections, in and after a section. *)
Set Universe Polymorphism.
Axiom pax@{u} : Type@{u}.
Definition puse@{u v} := (pax@{u}, pax@{v}).
Polymorphic Inductive PI@{u} (A : Type@{u}) : Type@{u} := pc : A -> PI A.
Theorem pt@{u} : PI@{u} pax@{u} -> pax@{u}. intros [x]. exact x. Qed.
Set Primitive Projections.
Record R := { f1 : Type; f2 : f1 }.
Definition rr (r : R) := r.(f2).
Section P.
Universe u.
Variable A : Type@{u}.
Definition pid (x : A) := x.
Definition pa := pid.
(* ASK pid pa *)
End P.
(* ASK puse pt rr pid pa PI pc pax *)
