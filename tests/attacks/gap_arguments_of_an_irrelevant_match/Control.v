Inductive none : SProp := .
Theorem goal : True /\ ~ False.
