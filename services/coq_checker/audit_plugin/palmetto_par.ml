(* `par:` starts worker processes of its own by the name of the program that runs, which is not Coq's toplevel here: a
   process that cannot be one of them ends, and takes this one along. Goal by goal does the same, as Coq itself does
   where it has no workers; from the last goal on, since a goal that is solved moves those behind it. What is asked for
   as `abstract` is solved like the rest: that only makes terms smaller. *)
let solve ~pstate ~info tactic ~abstract:_ ~with_end_tac =
  let count = Declare.Proof.fold pstate ~f:(fun proof -> List.length (Proof.data proof).Proof.goals) in
  let rec each n pstate =
    if n = 0 then pstate
    else each (n - 1) (ComTactic.solve ~pstate (Goal_select.SelectNth n) ~info tactic ~with_end_tac)
  in
  each count pstate

let install () = ComTactic.set_par_implementation solve
