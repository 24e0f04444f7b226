(* one (* inside "another *) " *) *)
(** documentation *)
Lemma a (* where? *) : (* "a string with *) in it" *) True.
Proof. (* Qed. *) exact I (* . *) . Qed.
Comments "a comment. Qed." 1 a.
(***)(****)
Definition s (*) no pair *) := 1.
Lemma b : s = 1 (**). Proof. (**)reflexivity(* *). (**)Qed. (* last *)
