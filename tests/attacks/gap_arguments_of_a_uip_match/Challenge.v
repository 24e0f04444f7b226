Set Definitional UIP.
Inductive same (A : Type) (a : A) : A -> SProp := same_refl : same A a a.
Theorem goal : False.
