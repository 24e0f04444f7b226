(* The states that Coq's document computes: what is told of each as it is computed, and what a proof between two of
   them made. *)

module Json = Palmetto_json

let tell_proofs = ref None
let tell_goals = ref None

(* `NONCE STATE NAME ...`: what is being proved in a state, innermost first. Nothing where no proof is open. *)
let proofs nonce id =
  match Vernacstate.Declare.get_all_proof_names () [@ocaml.warning "-3"] with
  | [] -> ()
  | names ->
      let names = List.map Names.Id.to_string names in
      Feedback.msg_notice (Pp.str (String.concat " " (nonce :: Stateid.to_string id :: names)))
  | exception Vernacstate.Declare.NoCurrentProof -> ()

(* `NONCE {"state": ..., "goals": ...}`: its goals. *)
let goals (nonce, most) id =
  match Vernacstate.Declare.get_pstate () [@ocaml.warning "-3"] with
  | None -> ()
  | Some proof ->
      let goals = Palmetto_goals.of_proof ~most (Declare.Proof.get proof) in
      let line = Json.to_string (Object (("state", Int (Stateid.to_int id)) :: goals)) in
      Feedback.msg_notice (Pp.str (nonce ^ " " ^ line))

let tell ~doc:_ id ~in_cache =
  if not in_cache then (
    Option.iter (fun nonce -> proofs nonce id) !tell_proofs;
    try Option.iter (fun wanted -> goals wanted id) !tell_goals with e when CErrors.noncritical e -> ())

let start_proofs nonce =
  tell_proofs := Some nonce;
  Stm.state_computed_hook tell

let start_goals nonce ~most =
  tell_goals := Some (nonce, most);
  Stm.state_computed_hook tell

let state id =
  match Stm.state_of_id ~doc:(Stm.get_doc 0) (Stateid.of_int id) with
  | Valid (Some state) -> state
  | Expired | Error _ | Valid None -> CErrors.user_err Pp.(str "The state " ++ int id ++ str " is not held.")

(* Whether a sentence ends a proof under another name than it was begun with. *)
let renames id =
  match Stm.get_ast ~doc:(Stm.get_doc 0) (Stateid.of_int id) with
  | Some { CAst.v = { Vernacexpr.expr = VernacSynPure (VernacEndProof (Proved (_, name))); _ }; _ } -> Option.has_some name
  | _ -> false

(* What the proof made that was stated between the states `before` and `stated` and ends with `ended`, a line for each
   declaration. What it rests on is looked up where the command is given, there or later. *)
let proved nonce ~known ~before ~stated ~ended =
  let known = Palmetto_made.environment_of (state known) in
  let before = state before and names = Palmetto_made.pending (state stated) in
  let around = Palmetto_made.pending before in
  let names = List.filter (fun id -> not (List.exists (Names.Id.equal id) around)) names in
  let before = Palmetto_made.environment_of before and after = Palmetto_made.environment_of (state ended) in
  match Palmetto_made.lines nonce ~known ~before ~after ~names ~renamed:(renames ended) with
  | lines -> Feedback.msg_notice (Pp.prlist_with_sep Pp.fnl Pp.str lines)
  | exception Palmetto_made.Unknown -> CErrors.user_err (Pp.str "The proof declared nothing.")
