Set Definitional UIP.
Theorem goal : False.
