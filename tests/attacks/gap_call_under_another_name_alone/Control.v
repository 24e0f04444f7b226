Theorem goal : True /\ ~ False.
