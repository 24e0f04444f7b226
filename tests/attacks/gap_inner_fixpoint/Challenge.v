Theorem goal : False.
