CoInductive endless : Type := again : endless -> endless.
Theorem goal : False.
