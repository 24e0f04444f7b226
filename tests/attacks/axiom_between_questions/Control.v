Theorem goal : True.
