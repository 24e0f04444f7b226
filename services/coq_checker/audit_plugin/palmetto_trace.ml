(* Goals while a document is executed: a line for every state that Coq's document computes. *)

module Json = Palmetto_json

let say nonce ~most id =
  match (Vernacstate.Declare.get_pstate () [@ocaml.warning "-3"]) with
  | None -> ()
  | Some proof ->
      let goals = Palmetto_goals.of_proof ~most (Declare.Proof.get proof) in
      let line = Json.to_string (Object (("state", Int (Stateid.to_int id)) :: goals)) in
      Feedback.msg_notice (Pp.str (nonce ^ " " ^ line))

let start nonce ~most =
  Stm.state_computed_hook (fun ~doc:_ id ~in_cache ->
      if not in_cache then try say nonce ~most id with e when CErrors.noncritical e -> ())
