Theorem goal : 1 + 1 = 2.
