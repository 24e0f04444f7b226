Theorem goal : 0 = 1.
