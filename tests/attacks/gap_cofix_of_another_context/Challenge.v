CoInductive colist : Type := conil | cocons : colist -> colist.
Theorem goal : False.
