Lemma a : True.
Proof. exact I. Qed.
Check a. About a. Print a. Print Assumptions a. Locate "/\". Search True. SearchPattern (_ + _ = _).
SearchRewrite (_ + 0). Print Nat. Print All. Inspect 3. Print Scopes. Print Notation "_ + _".
Compute 1 + 1. Eval cbv beta in (fun x => x) 1. Type nat. Print Universes. Print LoadPath. Print Visibility.
Lemma b : True /\ True.
Proof. Check a. Print a. Search (True /\ True). split; exact a. Qed.
Test Printing Width. Print Options. Print Grammar constr. Print HintDb core. Show Obligation Tactic.
