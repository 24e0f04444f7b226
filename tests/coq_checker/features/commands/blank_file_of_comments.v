(* Nothing but comments. Lemma no : False. Proof. Admitted. *)

(* "unclosed? *)" *)
