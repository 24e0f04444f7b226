Set Definitional UIP.
Theorem goal : True /\ ~ False.
