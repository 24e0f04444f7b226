From Equations Require Import Equations.
Inductive rose := Rose : list rose -> rose.
Equations count (t : rose) : nat := {
  count (Rose l) := S (counts l) }
where counts (l : list rose) : nat := {
  counts nil := 0;
  counts (cons t l) := count t + counts l }.
Equations rev {A} (l : list A) : list A := rev l := go l nil
  where go : list A -> list A -> list A :=
    go nil acc := acc;
    go (cons a k) acc := go k (cons a acc).
Lemma leaf : count (Rose nil) = 1.
Proof. reflexivity. Qed.
