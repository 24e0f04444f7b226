From Equations Require Import Equations.
Equations neg (b : bool) : bool := neg true := false; neg false := true.
Lemma neg_neg b : neg (neg b) = b.
Proof. destruct b; reflexivity. Qed.
Equations app {A} (l l' : list A) : list A :=
  app nil l' := l';
  app (cons a l) l' := cons a (app l l').
Lemma app_nil {A} (l : list A) : app l nil = l.
Proof. induction l; simp app; [reflexivity | now f_equal]. Qed.
