Set Polymorphic Inductive Cumulativity.
Theorem goal : False.
