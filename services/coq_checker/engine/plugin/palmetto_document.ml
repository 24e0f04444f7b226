(* Sentences as Coq's own document runs them, one after the other, in states that are values.

   A place is the state behind a sentence with what Coq's document knows besides. Where a proof is open that is the state
   that its end goes on from: the one behind its statement, with the commands that were given inside of the proof.
   What tactics declare on their way (the lemmas of `abstract`) is not in it: the closed proof brings that along. *)

open Vernacexpr
open Vernacextend
module Json = Palmetto_json

(* An open proof: the state that its end goes on from, how its sentences are read, and whether a proof has ended inside
   of it. *)
type frame = { base : Vernacstate.t; mode : Pvernac.proof_mode option; ended : bool }

(* What was run: the number of the place behind it, what it declared, whether it is a tactic, how many tactics it took
   back, and how many proofs were open behind it. *)
type item = { number : int; ids : Names.Id.t list; tactic : bool; undone : int; depth : int }

(* frames: the open proofs, innermost first; mode: how sentences outside of proofs are read; history: latest first;
   renamed: the last sentence ended a proof under another name than it was begun with. *)
type place = {
  st : Vernacstate.t;
  frames : frame list;
  mode : Pvernac.proof_mode option;
  history : item list;
  renamed : bool;
}

(* The text begins here: nothing goes back behind it. *)
let begin_at number place = { place with history = [ { number; ids = []; tactic = false; undone = 0; depth = List.length place.frames } ] }

let first number st = begin_at number { st; frames = []; mode = None; history = []; renamed = false }

exception No_such_place

let depth st =
  match st.Vernacstate.interp.lemmas with
  | None -> 0
  | Some stack -> List.length (Vernacstate.LemmaStack.get_all_proof_names stack)

let names place = Palmetto_made.pending place.st

(* -- reading *)

let reading place = match place.frames with [] -> place.mode | frame :: _ -> frame.mode

(* The sentences of a text, one a call, each read in the state that Coq is in then; None behind the last. *)
let reader text =
  let parsable = Palmetto_compat.Parser.Parsable.make (Gramlib.Stream.of_string text) in
  fun place -> Palmetto_compat.Parser.Entry.parse (Pvernac.main_entry (reading place)) parsable

let span sentence = match sentence.CAst.loc with Some { Loc.bp; ep; _ } -> (bp, ep) | None -> (0, 0)
let go_to place = Vernacstate.unfreeze_full_state place.st

(* The sentences of a text up to the first that does not parse. None is run, so that all are read by one grammar. *)
let parse place text =
  go_to place;
  let next = reader text in
  let rec all parsed =
    match next place with
    | None -> (List.rev parsed, None)
    | Some sentence -> all (sentence :: parsed)
    | exception error -> (List.rev parsed, Some (Exninfo.capture error))
  in
  all []

(* -- running *)

let interp st sentence = Vernacinterp.interp ~intern:Vernacinterp.fs_intern ~st sentence

let nested_allowed () =
  match Goptions.get_option_value [ "Nested"; "Proofs"; "Allowed" ] with
  | Some get -> ( match get () with Goptions.BoolValue allowed -> allowed | _ -> false)
  | None -> false

let refuse_nested () =
  CErrors.user_err
    (Pp.strbrk
       "Nested proofs are discouraged and not allowed by default. This error probably means that you forgot to close the \
        last \"Proof.\" with \"Qed.\" or \"Defined.\". If you really intended to use nested proofs, you can do so by \
        turning the \"Nested Proofs Allowed\" flag on.")

(* The state behind the end of the proof that is open in `st`, from the state `base`. *)
let save ~base ~sentence ~ending proof =
  let control = sentence.CAst.v.control in
  Vernacstate.unfreeze_full_state base;
  let interp = Palmetto_compat.save_proof ~proof ~st:base ~control (CAst.make ?loc:sentence.CAst.loc ending) in
  { base with interp }

let close_proof st opaque =
  Vernacstate.unfreeze_full_state st;
  match st.Vernacstate.interp.lemmas with
  | None -> CErrors.user_err (Pp.str "No proof is open here.")
  | Some stack ->
      let closed proof = Declare.Proof.close_proof ~opaque ~keep_body_ucst_separate:false proof in
      Vernacstate.LemmaStack.with_top stack ~f:closed

let with_proofs_of st base = { base with Vernacstate.interp = { base.Vernacstate.interp with lemmas = st.Vernacstate.interp.lemmas } }

(* The proofs of a state know the universes that were made meanwhile. *)
let with_universes st =
  Vernacstate.unfreeze_full_state st;
  (Vernacstate.Declare.update_sigma_univs (Global.universes ()) [@ocaml.warning "-3"]);
  Vernacstate.freeze_full_state ()

(* The end of a proof; that of one inside of another is an event for the state that the outer one goes on from. *)
let end_proof place frame outer sentence =
  let ended, again =
    match sentence.CAst.v.expr with
    | VernacSynPure (VernacEndProof (Proved (opaque, _) as ending)) ->
        let proof = close_proof place.st opaque in
        let save base = save ~base ~sentence ~ending proof in
        (save frame.base, save)
    | VernacSynPure VernacAbort ->
        (* Coq's document has lost track of the open proofs then. *)
        if List.exists (fun (one : frame) -> one.ended) outer then
          CErrors.user_err (Pp.str "Command not supported (No proof-editing in progress).");
        let abort base = interp base sentence in
        (abort frame.base, abort)
    | _ ->
        let run base = interp base sentence in
        (run place.st, run)
  in
  let follow (one : frame) =
    let base =
      try Palmetto_heard.silently (fun () -> again (with_proofs_of place.st one.base))
      with error when CErrors.noncritical error -> ended
    in
    { one with base; ended = true }
  in
  let frames = List.map follow outer in
  ((if outer = [] then ended else with_universes ended), frames)

let defines_body sentence =
  match sentence.CAst.v.expr with VernacSynPure (VernacDefinition (_, _, DefineBody _)) -> true | _ -> false

(* The environment of `base` with the proofs that are open in `st`. *)
let environment_of base st = with_universes Vernacstate.Stm.(set_pstate base (pstate st))

(* A command inside of a proof. A definition is not made twice: its universes might come out otherwise. *)
let side_effect place sentence =
  let inner, outer = match place.frames with inner :: outer -> (inner, outer) | [] -> assert false in
  let base = interp inner.base sentence in
  let follow (one : frame) =
    let base =
      try Palmetto_heard.silently (fun () -> interp one.base sentence)
      with error when CErrors.noncritical error -> base
    in
    { one with base }
  in
  let outer = List.map follow outer in
  let st =
    if defines_body sentence then environment_of base place.st
    else Palmetto_heard.silently (fun () -> interp place.st sentence)
  in
  { place with st; frames = { inner with base } :: outer }

(* Which place a command goes back to that undoes others: Coq's own search through what was run. *)
let target place sentence =
  let rec search f acc = function
    | [] -> CErrors.user_err (Pp.str "Cannot undo.")
    | item :: rest -> ( match f acc item with Either.Left number -> number | Either.Right acc -> search f acc rest)
  in
  let back n = search (fun n item -> if n <= 0 then Either.Left item.number else Either.Right (n - 1)) n place.history in
  let in_proof = List.length place.frames in
  let from_statement n =
    if in_proof = 0 then CErrors.user_err (Pp.str "No focused proof (No proof-editing in progress).");
    let rec since n = function item :: rest when item.depth >= in_proof -> since (n + 1) rest | _ -> n in
    back (since 0 place.history - n - 1)
  in
  match sentence.CAst.v.expr with
  | VernacSynPure (VernacResetName { CAst.v = name; _ }) -> (
      let is_it item = List.exists (Names.Id.equal name) item.ids in
      let step found item = if found then Either.Left (Some item.number) else Either.Right (is_it item) in
      try search step false place.history with CErrors.UserError _ -> None)
  | VernacSynPure (VernacUndo n) ->
      let step n item =
        if Int.equal n 0 then Either.Left item.number
        else Either.Right (n - (Bool.to_int item.tactic - item.undone))
      in
      Some (search step n place.history)
  | VernacSynPure VernacRestart -> Some (from_statement 0)
  | VernacSynPure (VernacUndoTo n) -> Some (from_statement n)
  | VernacSynPure VernacAbortAll ->
      Some (search (fun () item -> if item.depth = 0 then Either.Left item.number else Either.Right ()) () place.history)
  | VernacSynPure VernacResetInitial -> Some (List.nth place.history (List.length place.history - 1)).number
  | VernacSynPure (VernacBack _) ->
      CErrors.user_err (Pp.str "`Back` is a navigation command, which coqc forbids in files: take it out.")
  | _ -> CErrors.user_err (Pp.str "Cannot undo.")

(* Whether the end of a proof gives another name than it was begun with. *)
let renames sentence =
  match sentence.CAst.v.expr with
  | VernacSynPure (VernacEndProof (Proved (_, name))) -> Option.has_some name
  | _ -> false

(* Proofs that were opened or ended otherwise than their classification said. *)
let settle place =
  let now = depth place.st and known = List.length place.frames in
  if now = known then place
  else if now > known then
    let frame = { base = place.st; mode = Some (Synterp.get_default_proof_mode ()); ended = false } in
    { place with frames = List.init (now - known) (fun _ -> frame) @ place.frames }
  else
    let rec drop n frames = match frames with _ :: rest when n > 0 -> drop (n - 1) rest | frames -> frames in
    { place with frames = drop (known - now) place.frames }

(* The place behind a sentence, whose number is to be `number`. `held` finds earlier places by their numbers. *)
let step ~held ~number place sentence =
  let run () = { place with st = interp place.st sentence } in
  let noted ?(ids = []) ?(tactic = false) ?(undone = 0) ?(renamed = false) after =
    let after = settle after in
    { after with renamed; history = { number; ids; tactic; undone; depth = List.length after.frames } :: place.history }
  in
  match (Vernac_classifier.classify_vernac sentence, place.frames) with
  | VtMeta, _ ->
      let undone = match sentence.CAst.v.expr with VernacSynPure (VernacUndo n) -> n | _ -> 0 in
      let there = match target place sentence with Some number -> held number | None -> place in
      go_to there;
      noted ~undone there
  | VtStartProof _, _ :: _ when not (nested_allowed ()) -> refuse_nested ()
  | VtStartProof (_, ids), _ -> noted ~ids (run ())
  | VtQed _, frame :: outer ->
      let st, frames = end_proof place frame outer sentence in
      go_to { place with st };
      noted ~renamed:(renames sentence) { place with st; frames }
  | VtSideff (ids, _), _ :: _ -> noted ~ids (side_effect place sentence)
  | VtSideff (ids, _), [] -> noted ~ids (run ())
  | VtProofMode mode, [] -> noted { (run ()) with mode = Some mode }
  | VtProofMode mode, frame :: outer -> noted { (run ()) with frames = { frame with mode = Some mode } :: outer }
  | VtProofStep _, _ -> noted ~tactic:true (run ())
  | (VtQed _ | VtQuery), _ -> noted (run ())

(* -- texts *)

let kind_of = function
  | error when Palmetto_compat.is_syntax_error error -> "syntax"
  | Out_of_memory -> "memory"
  | _ -> "error"

let problem ((error, info) as located) =
  let place =
    match Loc.get_loc info with Some { Loc.bp; ep; _ } -> [ ("span", Json.List [ Int bp; Int ep ]) ] | None -> []
  in
  Json.Object
    (("kind", Json.String (kind_of error)) :: ("message", Json.String (Palmetto_goals.text (CErrors.iprint located))) :: place)

type stop = Finished | Failed of Exninfo.iexn | Astray of (int * int) | Refused of int

(* Runs the sentences of a text from a place, each read where the one before it led to.

   ends: where they are expected to end; none is run behind the first that ends elsewhere.
   allow: says whether a sentence may be run.
   number: gives the number of a new place; behind: is told of each with its sentence.
   Returns the last place, and why it is the last. *)
let run ~held ~number ~behind ?(ends = []) ?(allow = fun _ -> true) place text =
  go_to place;
  let next = reader text in
  let rec all index place ends expected =
    match next place with
    | None -> (place, Finished)
    | exception error -> (place, Failed (Exninfo.capture error))
    | Some sentence -> (
        let _, ending = span sentence in
        match ends with
        | expect :: _ when not (Int.equal expect ending) -> (place, Astray (span sentence))
        | [] when expected -> (place, Astray (span sentence))
        | _ when not (allow sentence) -> (place, Refused index)
        | _ -> (
            match step ~held ~number:(number ()) place sentence with
            | after ->
                behind after sentence;
                all (index + 1) after (match ends with [] -> [] | _ :: rest -> rest) expected
            | exception error -> (place, Failed (Exninfo.capture error))))
  in
  all 0 place ends (ends <> [])
