Theorem goal : 1 = 1.
