(* One candidate: read, passed through the syntax-tree gate, run and audited; or a script that proves a statement itself. *)

open Vernacexpr
module Json = Palmetto_json
module Goals = Palmetto_goals
module Document = Palmetto_document

(* -- the gate *)

(* What may be run: commands by their constructors, with or without attributes. *)
type gate = { commands : string list; attributes : bool }

(* A command's name: its constructor in Coq 8.20's words, or for a plugin's command `PLUGIN:ENTRY`; with what it is about
   where that matters. *)
let command sentence =
  match sentence.CAst.v.expr with
  | VernacSynPure (VernacEndProof Admitted) -> "VernacEndProof.Admitted"
  | VernacSynPure (VernacPrint what) -> (
      match what with PrintName _ -> "VernacPrint.PrintName" | PrintAbout _ -> "VernacPrint.PrintAbout" | _ -> "VernacPrint.other")
  | expr -> Palmetto_compat.command expr

(* By its entry a plugin's command is allowed whatever the plugin is called, as builds call it differently. *)
let gate_name sentence =
  match sentence.CAst.v.expr with VernacSynterp (VernacExtend (name, _)) -> ":" ^ name.ext_entry | _ -> command sentence

let allows gate sentence =
  let { control; attrs; _ } = sentence.CAst.v in
  control = [] && (attrs = [] || gate.attributes) && List.exists (String.equal (gate_name sentence)) gate.commands

let head sentence =
  let { control; attrs; _ } = sentence.CAst.v in
  Json.List [ String (command sentence); Int (Bool.to_int (control <> [])); Int (Bool.to_int (attrs <> [])) ]

(* -- statements *)

(* Where candidates begin: the place behind the statement, and those behind what was run there, by the texts that lead
   to them. *)
type opened = {
  key : string;
  before : Safe_typing.safe_environment;  (* what can be named there is the environment's *)
  place : Document.place;
  proving : Names.Id.t list;
  known : (int * string, int * Document.place) Hashtbl.t;  (* by what they follow, and the sentence; each has a number *)
  order : (int * string) Queue.t;
}

let most_opened = 8
let most_known = 256
let opened : opened list ref = ref []

exception Changed
exception Not_opened of string * Json.t

let rec take n = function head :: tail when n > 0 -> head :: take (n - 1) tail | _ -> []

(* Places on the way are nobody's: a candidate goes nowhere back. *)
let step place sentence = Document.step ~held:(fun _ -> raise Document.No_such_place) ~number:0 place sentence

let not_one what =
  Not_opened (what, Json.Object [ ("kind", String "syntax"); ("message", String "it is not one sentence") ])

let set_up place text =
  match
    Document.run ~held:(fun _ -> raise Document.No_such_place) ~number:(fun () -> 0) ~behind:(fun _ _ -> ()) place text
  with
  | place, Document.Finished -> place
  | _, Failed error -> raise (Not_opened ("setup", Document.problem error))
  | _ -> raise (not_one "setup")

let behind place statement =
  match Document.parse place statement with
  | [ sentence ], None -> (
      try step place sentence
      with error -> raise (Not_opened ("statement", Document.problem (Exninfo.capture error))))
  | _, Some error -> raise (Not_opened ("statement", Document.problem error))
  | _ -> raise (not_one "statement")

(* The types that are to be proved. *)
let stated { Document.st; _ } =
  match st.Vernacstate.interp.lemmas with
  | None -> []
  | Some stack ->
      let types proof =
        let { Proof.sigma; entry; _ } = Proof.data (Declare.Proof.get proof) in
        let constr (_, _, ty) = EConstr.to_constr ~abort_on_undefined_evars:false sigma ty in
        List.map constr (Proofview.initial_goals entry)
      in
      Vernacstate.LemmaStack.with_top stack ~f:types

(* Each reading of `Type` makes a new universe, and each use of something polymorphic new ones; but `Prop` stays `Prop`. *)
let same_sort one other =
  match (one, other) with
  | Sorts.SProp, Sorts.SProp | Prop, Prop | Set, Set -> true
  | (Type _ | QSort _), (Sorts.Type _ | QSort _) -> true
  | _ -> false

let same_type =
  let same_instance _ _ _ = true and same_evar (one, _) (other, _) = Evar.equal one other in
  let rec same args one other =
    one == other || Constr.compare_head_gen same_instance same_sort same_evar same args one other
  in
  same 0

(* key: names the place `from`. setup: sentences that stand before the statement. *)
let open_statement ~key ~from setup statement =
  let key = String.concat "\000" [ key; setup; statement ] in
  match List.partition (fun one -> String.equal one.key key) !opened with
  | found :: _, others ->
      opened := found :: others;
      found
  | [], others ->
      let before = set_up from setup in
      let place = behind before statement in
      (* What is set up must not change what the statement says. *)
      if setup <> "" && not (List.equal same_type (stated place) (stated (behind from statement))) then
        raise Changed;
      let known = Hashtbl.create 16 and order = Queue.create () in
      let around = Document.names from in
      let proving = List.filter (fun id -> not (List.exists (Names.Id.equal id) around)) (Document.names place) in
      let found = { key; before = Palmetto_made.environment_of from.st; place; proving; known; order } in
      opened := found :: take (most_opened - 1) others;
      found

(* The number of the statement itself among the known places, and of what is not known. *)
let at_statement, unknown = (0, -1)
let last_known = ref at_statement

let remember { known; order; _ } key place =
  if Queue.length order >= most_known then Hashtbl.remove known (Queue.pop order);
  incr last_known;
  Hashtbl.replace known key (!last_known, place);
  Queue.push key order;
  !last_known

(* -- running *)

type outcome = Failed of int * Document.place * Exninfo.iexn | Through of Document.place * bool

(* The sentences one after the other, up to the first that fails; `problem` is what ended their parsing. `behind` is the
   number of the known place where they begin. *)
let rec run_all ~keep opened text place index behind renamed sentences problem =
  match (sentences, problem) with
  | [], None -> Through (place, renamed)
  | [], Some error -> Failed (index, place, error)
  | sentence :: rest, _ -> (
      let from, upto = Document.span sentence in
      let key = (behind, String.sub text from (upto - from)) in
      let on after number =
        run_all ~keep opened text after (index + 1) number (renamed || Document.renames sentence) rest problem
      in
      match if behind = unknown then None else Hashtbl.find_opt opened.known key with
      (* What the last sentence prints is wanted again. *)
      | Some (number, after) when not (!Palmetto_heard.talkative && rest = []) -> on after number
      | known -> (
          match step place sentence with
          | after ->
              let number =
                match known with
                | Some (number, _) -> number
                | None -> if keep && behind <> unknown then remember opened key after else unknown
              in
              on after number
          | exception error -> Failed (index, place, Exninfo.capture error)))

let goals_at ~most (place : Document.place) =
  if most = 0 then []
  else (
    Document.go_to place;
    Goals.of_state ~most place.st)

let microseconds since = Json.Int (int_of_float (1e6 *. (Unix.gettimeofday () -. since)))

(* An audit that took longer is told with what made it slow, for other processes to know beforehand. *)
let slow_s = 0.015

(* What a proof made and rests on. *)
let closed ~known ~before ~names ~renamed ?(whole = false) (after : Document.place) =
  Document.go_to after;
  let begun = Unix.gettimeofday () in
  let after = Palmetto_made.environment_of after.st in
  match Palmetto_made.proved ~before ~after ~names ~renamed with
  | exception Palmetto_made.Unknown -> [ ("kind", Json.String "unaudited") ]
  | made ->
      let others = if whole then Palmetto_made.brought ~before:known ~after else [] in
      let audits = Json.List (List.map (Palmetto_made.audit ~known ~others) made) in
      let uses = if Unix.gettimeofday () -. begun > slow_s then Palmetto_audit.uses (List.hd made) else [] in
      [
        ("kind", Json.String "closed");
        ("audit_us", microseconds begun);
        ("audits", audits);
        ("uses", Json.List (List.map (fun name -> Json.String name) uses));
      ]

let failed ~most index (place, error) =
  ("kind", Json.String "failed") :: ("index", Json.Int index) :: ("error", Document.problem error) :: goals_at ~most place

(* Whether Coq sees the sentences that end at `expected`; up to where it parses the text. *)
let rec agree complete expected found =
  match (expected, found) with
  | [], [] -> true
  | _, [] -> not complete
  | mine :: expected, theirs :: found -> Int.equal mine theirs && agree complete expected found
  | [], _ -> false

let spans sentences =
  let one sentence =
    let bp, ep = Document.span sentence in
    Json.List [ Int bp; Int ep ]
  in
  Json.List (List.map one sentences)

let rec first_refused gate index = function
  | [] -> None
  | sentence :: _ when not (allows gate sentence) -> Some (index, sentence)
  | _ :: rest -> first_refused gate (index + 1) rest

let refused index sentence = [ ("kind", Json.String "refused"); ("index", Json.Int index); ("head", head sentence) ]

(* The body of a proof. *)
let body ~gate ~ends ~most ~keep ~key ~from ~setup ~statement text =
  let begun = Unix.gettimeofday () in
  let opened = Palmetto_heard.silently (fun () -> open_statement ~key ~from setup statement) in
  if opened.proving = [] then [ ("kind", Json.String "no_proof") ]
  else
    let sentences, problem = Document.parse opened.place text in
    if not (agree (Option.is_empty problem) ends (List.map (fun one -> snd (Document.span one)) sentences)) then
      [ ("kind", Json.String "astray"); ("spans", spans sentences) ]
    else
      match first_refused gate 0 sentences with
      | Some (index, sentence) -> refused index sentence
      | None -> (
          let parsed = ("parse_us", microseconds begun) in
          match run_all ~keep opened text opened.place 0 at_statement false sentences problem with
          | Failed (index, place, error) -> parsed :: failed ~most index (place, error)
          | Through (place, renamed) ->
              let still = Document.names place in
              if List.exists (fun id -> List.exists (Names.Id.equal id) still) opened.proving then
                ("kind", Json.String "open")
                :: ("done", Json.Int (Bool.to_int (Goals.nothing_left place.st)))
                :: parsed :: goals_at ~most place
              else
                let before = Palmetto_made.environment_of opened.place.st in
                parsed :: closed ~known:opened.before ~before ~names:opened.proving ~renamed place)

(* A script, between a sentence that defines what it is to prove and one that compares. *)
let script ~gate ~ends ~most ~from ~setup ~anchor ~closing text =
  let opened = Palmetto_heard.silently (fun () -> behind (set_up from setup) anchor) in
  let count = ref 0 and seen = ref [] and next = ref None in
  let place, stop =
    Document.run ~ends
      ~held:(fun _ -> raise Document.No_such_place)
      ~number:(fun () -> 0)
      ~behind:(fun _ sentence ->
        incr count;
        seen := sentence :: !seen)
      ~allow:(fun sentence ->
        next := Some sentence;
        allows gate sentence)
      opened text
  in
  match stop with
  | Astray (bp, ep) -> (
      match spans (List.rev !seen) with
      | Json.List before -> [ ("kind", Json.String "astray"); ("spans", Json.List (before @ [ Json.List [ Int bp; Int ep ] ])) ]
      | _ -> assert false)
  | Refused index -> refused index (Option.get !next)
  | Failed error -> failed ~most !count (place, error)
  | Finished -> (
      match Palmetto_heard.silently (fun () -> behind place closing) with
      | exception Not_opened (_, error) -> [ ("kind", String "mismatch"); ("error", error) ]
      | after ->
          let known = Palmetto_made.environment_of from.st and before = Palmetto_made.environment_of place.st in
          closed ~known ~before ~names:[] ~renamed:true ~whole:true after)

let protect answer =
  try answer () with
  | Changed -> [ ("kind", Json.String "changed") ]
  | Not_opened (what, error) -> [ ("kind", String "unstated"); ("what", String what); ("error", error) ]
