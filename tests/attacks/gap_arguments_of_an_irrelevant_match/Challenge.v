Inductive none : SProp := .
Theorem goal :
  (fun x : none => match x return nat -> nat with end 0) = (fun x : none => match x return nat -> nat with end 1).
