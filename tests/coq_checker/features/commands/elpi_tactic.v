(* NEEDS: elpi *)
From elpi Require Import elpi.
Elpi Tactic own_trivial.
Elpi Accumulate lp:{{
  solve (goal _ _ {{ True }} P _) [] :- P = {{ I }}.
}}.
Elpi Typecheck.
Lemma trivial_ : True.
Proof. elpi own_trivial. Qed.
Elpi Command say.
Elpi Accumulate lp:{{ main [str S] :- coq.say S. }}.
Elpi say "a text. Qed.".
Lemma after : 1 = 1.
Proof. reflexivity. Qed.
