(* `par:` without worker processes. Coq starts these by the name of the program that runs, which is not its toplevel
   here: a process that cannot be a worker ends, and takes this one along.

   Each goal is worked on by itself, in the state that all of them begin in, as a worker would: a tactic solves it whole,
   does nothing, or fails, and what it changed besides (`abstract` declares its lemmas at once) is forgotten. Then the
   terms that were found take their goals' places. *)

let user_err = CErrors.user_err
let focus = Proof.(no_cond (new_focus_kind "palmetto_par"))

(* The term that solves a goal, with the universes it needs; None where the tactic does nothing. *)
let solved pstate ~info tactic number goal =
  let focused = Declare.Proof.map pstate ~f:(Proof.focus focus () number) in
  let pstate = Palmetto_compat.solve ~pstate:focused ~info tactic in
  let { Proof.sigma; _ } = Declare.Proof.fold pstate ~f:Proof.data in
  let (Evd.EvarInfo found) = Evd.find sigma goal in
  match Evd.evar_body found with
  | Evd.Evar_empty -> None
  | Evd.Evar_defined term ->
      let term = Evarutil.nf_evar sigma term in
      if not (Evar.Set.is_empty (Evarutil.undefined_evars_of_term sigma term)) then
        user_err (Pp.str "The par: selector requires a tactic that makes no progress or solves the goal whole.");
      Some (EConstr.Unsafe.to_constr term, Palmetto_compat.universes sigma)

let assign ~abstract found =
  let open Proofview in
  Goal.enter (fun goal ->
      match List.assoc_opt (Goal.goal goal) found with
      | None | Some None -> tclUNIT ()
      | Some (Some (term, universes)) ->
          let merge = tclBIND tclEVARMAP (fun sigma -> Unsafe.tclEVARS (Evd.merge_universe_context sigma universes)) in
          let exact = tclTHEN merge (Tactics.exact_no_check (EConstr.of_constr term)) in
          if abstract then Abstract.tclABSTRACT None exact else exact)

let solve ~pstate ~info tactic ~abstract =
  let goals = Declare.Proof.fold pstate ~f:(fun proof -> (Proof.data proof).Proof.goals) in
  let each index goal =
    try (goal, Vernacstate.System.protect (solved pstate ~info tactic (index + 1)) goal)
    with error when CErrors.noncritical error ->
      user_err Pp.(CErrors.print error ++ spc () ++ str "(for goal " ++ int (index + 1) ++ str ")")
  in
  let found = List.mapi each goals in
  (* What `abstract` declares is not yet in the environment here on Rocq 9.1 and 9.2, nor is it with workers: a name
     that Coq does not find must not be found here. *)
  Declare.Proof.map pstate ~f:(fun proof ->
      let proof, _, () = Proof.run_tactic (Global.env ()) (assign ~abstract found) proof in
      proof)

let install () = Palmetto_compat.set_par_implementation solve
