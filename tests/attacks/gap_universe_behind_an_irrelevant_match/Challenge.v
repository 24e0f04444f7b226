Set Definitional UIP.
Set Polymorphic Inductive Cumulativity.
Polymorphic Inductive seq@{i} (A : Type@{i}) (x : A) : A -> SProp := srefl : seq A x x.
Theorem goal : False.
