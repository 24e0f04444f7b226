From Ltac2 Require Import Ltac2.
Ltac2 rec repeat_n (n : int) (t : unit -> unit) : unit :=
  if Int.le n 0 then () else (t (); repeat_n (Int.sub n 1) t).
Ltac2 Type shape := [ Dot | Line (int) ].
Ltac2 mutable hook () : unit := ().
Ltac2 Set hook := fun () => split.
Lemma pairs : True /\ True.
Proof. hook (). all: exact I. Qed.
Lemma steps : 2 <= 4.
Proof. repeat_n 2 (fun () => apply le_S). apply le_n. Qed.
Ltac2 Eval match Line 3 with Dot => 0 | Line n => n end.
