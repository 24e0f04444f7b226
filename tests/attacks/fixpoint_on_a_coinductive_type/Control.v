CoInductive endless : Type := again : endless -> endless.
Theorem goal : True.
