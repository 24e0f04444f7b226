Set Polymorphic Inductive Cumulativity.
Theorem goal : True /\ ~ False.
