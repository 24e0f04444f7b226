Set Printing All. Unset Printing All. Set Printing Depth 10. Set Printing Width 60.
Test Printing All. Set Implicit Arguments. Set Strict Implicit. Unset Strict Implicit.
#[local] Set Printing Universes.
#[export] Set Asymmetric Patterns.
Set Warnings "-deprecated". Set Loose Hint Behavior "Strict".
Definition head A (d : A) (l : list A) := match l with nil => d | cons a _ => a end.
Lemma same : head 0 (cons 1 nil) = 1.
Proof. reflexivity. Qed.
Unset No_Such_Option.
Lemma after : True. exact I. Qed.
