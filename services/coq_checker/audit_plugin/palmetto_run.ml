(* One candidate in one command: parsed, passed through the syntax-tree gate, executed and audited.

   SerAPI's document does the same in four exchanges, and keeps every sentence that it ever saw. Here
   only states are kept: those behind the last statements, which the next candidates begin in, and those
   behind the beginnings of proofs that were run there, so that the same beginning is not run again.
   The command is a query: Coq takes the whole state back when it ends. *)

open Vernacexpr
module Json = Palmetto_json
module Goals = Palmetto_goals

(* What a sentence is, by the names that the gate's list goes by. What is not named here is for a more
   careful look. *)
let entry { control; attrs; expr } =
  match (control, attrs, expr) with
  | [], [], VernacSynterp (VernacExtend (name, _)) -> name.ext_entry
  | [], [], VernacSynPure command -> (
      match command with
      | VernacProof _ -> "VernacProof"
      | VernacEndProof (Proved (_, None)) -> "VernacEndProof"
      | VernacBullet _ -> "VernacBullet"
      | VernacSubproof _ -> "VernacSubproof"
      | VernacEndSubproof -> "VernacEndSubproof"
      | VernacFocus _ -> "VernacFocus"
      | VernacUnfocus -> "VernacUnfocus"
      | VernacUnfocused -> "VernacUnfocused"
      | VernacShow _ -> "VernacShow"
      | VernacCheckMayEval _ -> "VernacCheckMayEval"
      | VernacSearch _ -> "VernacSearch"
      | VernacLocate _ -> "VernacLocate"
      | VernacCheckGuard -> "VernacCheckGuard"
      | VernacPrint (PrintName _ | PrintAbout _) -> "VernacPrint"
      | _ -> "")
  | _ -> ""

let parser text =
  let parsable = Palmetto_compat.Parser.Parsable.make (Gramlib.Stream.of_string text) in
  fun () -> Palmetto_compat.Parser.Entry.parse (Pvernac.main_entry (Some (Synterp.get_default_proof_mode ()))) parsable

(* The sentences of a text with the text of each, up to the first that does not parse. Nothing is
   executed, so that the grammar is the same for all of them. *)
let parse text =
  let next = parser text in
  let rec all at parsed =
    match next () with
    | None -> (List.rev parsed, None)
    | Some sentence ->
        let ending = match sentence.CAst.loc with Some loc -> loc.Loc.ep | None -> at in
        all ending ((String.sub text at (ending - at), sentence) :: parsed)
    | exception error -> (List.rev parsed, Some (Exninfo.capture error))
  in
  all 0 []

let execute st sentence = Vernacinterp.interp ~intern:Vernacinterp.fs_intern ~st sentence

(* Where candidates begin: the state behind the statement, and the states behind what was run there, by
   the texts that lead to them. *)
type opened = {
  key : string;
  before : Safe_typing.safe_environment;
  state : Vernacstate.t;
  proving : Names.Id.t list;
  known : (Digest.t, Vernacstate.t) Hashtbl.t;
  order : Digest.t Queue.t;
}

let most_opened = 8
let most_known = 256
let opened : opened list ref = ref []
let stopped : Vernacstate.t option ref = ref None

(* Whether what a tactic tells by the way is wanted too (CoqHammer names the tactic to replace it with). *)
let talkative = ref false

(* While the statement is opened nothing is printed: it is not the candidate's. *)
let mute = ref false

exception Unclear
exception Changed

let pending = Palmetto_made.pending

let rec take n = function head :: tail when n > 0 -> head :: take (n - 1) tail | _ -> []

(* One sentence after the other is parsed where the one before it ends. *)
let execute_text st text =
  let next = parser text in
  let rec all st =
    Vernacstate.unfreeze_full_state st;
    match next () with None -> st | Some sentence -> all (execute st sentence)
  in
  all st

let state_behind st statement =
  Vernacstate.unfreeze_full_state st;
  match parse statement with [ (_, sentence) ], None -> execute st sentence | _ -> raise Unclear

(* The types that are to be proved. *)
let stated st =
  match st.Vernacstate.interp.lemmas with
  | None -> []
  | Some stack ->
      let types proof =
        let { Proof.sigma; entry; _ } = Proof.data (Declare.Proof.get proof) in
        List.map (fun (_, _, ty) -> EConstr.to_constr ~abort_on_undefined_evars:false sigma ty) (Proofview.initial_goals entry)
      in
      Vernacstate.LemmaStack.with_top stack ~f:types

(* `key` names the state before the statement. `setup` are sentences that stand before it. *)
let open_statement key setup statement =
  let key = String.concat "\000" [ key; setup; statement ] in
  match List.partition (fun one -> String.equal one.key key) !opened with
  | found :: _, others ->
      opened := found :: others;
      found
  | [], others ->
      let before = Vernacstate.freeze_full_state () in
      let state = state_behind (execute_text before setup) statement in
      (* What is set up must not change what the statement says. Each reading of `Type` makes a new universe. *)
      if setup <> "" && not (List.equal Constr.eq_constr_nounivs (stated state) (stated (state_behind before statement)))
      then raise Changed;
      let known = Hashtbl.create 16 and order = Queue.create () in
      let before = Palmetto_made.environment_of before in
      let found = { key; before; state; proving = pending state; known; order } in
      opened := found :: take (most_opened - 1) others;
      found

let remember { known; order; _ } digest st =
  if not (Hashtbl.mem known digest) then (
    if Queue.length order >= most_known then Hashtbl.remove known (Queue.pop order);
    Hashtbl.add known digest st;
    Queue.push digest order)

(* As Coq's own document does: what the proof declared while it went on (`abstract` declares its lemmas
   without their bodies) is forgotten, and the closed proof brings it all along, with the bodies. *)
let close { state; _ } st ending =
  match st.Vernacstate.interp.lemmas with
  | None -> raise Unclear
  | Some stack ->
      Vernacstate.unfreeze_full_state st;
      let opaque = match ending with Proved (opaque, _) -> opaque | Admitted -> raise Unclear in
      let closed proof = Declare.Proof.close_proof ~opaque ~keep_body_ucst_separate:false proof in
      let proof = Vernacstate.LemmaStack.with_top stack ~f:closed in
      Vernacstate.unfreeze_full_state state;
      let interp = Vernacinterp.interp_qed_delayed_proof ~proof ~st:state ~control:[] (CAst.make ending) in
      { state with interp }

let step opened st sentence =
  match sentence.CAst.v.expr with
  | VernacSynPure (VernacEndProof ending) -> close opened st ending
  | _ -> execute st sentence

let kind_of = function
  | error when Palmetto_compat.is_syntax_error error -> "syntax"
  | Out_of_memory -> "memory"
  | _ -> "error"

(* No goal is left anywhere, and none was given up. *)
let nothing_left proof =
  let { Proof.sigma; _ } = Proof.data proof in
  Proof.is_done proof
  && Evar.Set.is_empty (Evd.given_up sigma)
  && not (List.exists (Evd.is_undefined sigma) (Evd.shelf sigma))

type outcome = Failed of int * Exninfo.iexn | Through of Vernacstate.t

(* The sentences one after the other, up to the first that fails; `problem` is what ended their parsing.
   The digest stands for the sentences so far. *)
let rec execute_all ~keep opened st index digest sentences problem =
  stopped := Some st;
  match (sentences, problem) with
  | [], None -> Through st
  | [], Some error -> Failed (index, error)
  | (text, sentence) :: rest, _ -> (
      let digest = Digest.string (digest ^ text) in
      match Hashtbl.find_opt opened.known digest with
      (* What the last sentence prints is wanted again. *)
      | Some st when not (!talkative && rest = []) ->
          execute_all ~keep opened st (index + 1) digest rest problem
      | _ -> (
          match step opened st sentence with
          | st ->
              if keep then remember opened digest st;
              execute_all ~keep opened st (index + 1) digest rest problem
          | exception error -> Failed (index, Exninfo.capture error)))

(* What was proved rests on; no name can be given at the end of a proof here. *)
let audit nonce { before; state; proving; _ } =
  let lines =
    Palmetto_made.lines nonce ~known:before
      ~before:(Palmetto_made.environment_of state) ~after:(Global.safe_env ())
      ~names:proving ~renamed:false
  in
  Json.List (List.map (fun line -> Json.String line) lines)

let goals_there ~most =
  match !stopped with
  | Some st when most > 0 ->
      Vernacstate.unfreeze_full_state st;
      Goals.of_state ~most st
  | _ -> []

let microseconds since = Json.Int (int_of_float (1e6 *. (Unix.gettimeofday () -. since)))

(* Where sentences end: a sentence begins where the one before it ends, but for blanks and comments. *)
let ends sentences =
  let rec all at = function [] -> [] | (text, _) :: rest -> (at + String.length text) :: all (at + String.length text) rest in
  all 0 sentences

(* Whether Coq sees the sentences that end at `expected`; up to where it parses the text. *)
let rec agree complete expected found =
  match (expected, found) with
  | [], [] -> true
  | _, [] -> not complete
  | mine :: expected, theirs :: found -> Int.equal mine theirs && agree complete expected found
  | [], _ -> false

(* What came of a candidate: `unclear`, nothing of it was executed or it could not be judged, and the text
   is for a more careful look; `changed`, what is set up changes what the statement says; `failed`, with the sentence and Coq's message; `open`, all of it went through
   and the proof is not closed; `closed`, with a line a constant, as PalmettoAssumptions prints it. *)
let answer nonce allowed ~expected ~most ~keep key setup statement text =
  let begun = Unix.gettimeofday () in
  stopped := None;
  let allowed = String.split_on_char ' ' allowed in
  mute := true;
  let opened = Fun.protect ~finally:(fun () -> mute := false) (fun () -> open_statement key setup statement) in
  Vernacstate.unfreeze_full_state opened.state;
  let sentences, problem = parse text in
  let clear = agree (Option.is_empty problem) expected (ends sentences) in
  let gated (_, { CAst.v; _ }) = List.mem (entry v) allowed in
  if not (clear && opened.proving <> [] && List.for_all gated sentences) then raise Unclear;
  let parsed = ("parse_us", microseconds begun) in
  match execute_all ~keep opened opened.state 0 "" sentences problem with
  | Failed (index, ((error, _) as located)) ->
      let message = Goals.text (CErrors.iprint located) in
      ("kind", Json.String "failed")
      :: ("index", Json.Int index)
      :: ("error", Json.String (kind_of error))
      :: ("message", Json.String message)
      :: parsed :: goals_there ~most
  | Through st ->
      let still = pending st in
      if List.exists (fun id -> List.exists (Names.Id.equal id) still) opened.proving then
        let done_ =
          match st.Vernacstate.interp.lemmas with
          | None -> false
          | Some stack ->
              Vernacstate.LemmaStack.with_top stack ~f:(fun proof -> nothing_left (Declare.Proof.get proof))
        in
        ("kind", Json.String "open") :: ("done", Json.Int (Bool.to_int done_)) :: parsed :: goals_there ~most
      else (
        Vernacstate.unfreeze_full_state st;
        let begun = Unix.gettimeofday () in
        let lines = audit nonce opened in
        [ ("kind", Json.String "closed"); parsed; ("audit_us", microseconds begun); ("audits", lines) ])

let run nonce allowed ~expected ~most ~keep ~talk key setup statement text =
  talkative := talk;
  let fields =
    try answer nonce allowed ~expected ~most ~keep key setup statement text
    with
    | Changed -> [ ("kind", Json.String "changed") ]
    | _ -> [ ("kind", Json.String "unclear") ]
  in
  talkative := false;
  Feedback.msg_notice (Pp.str (nonce ^ " " ^ Json.to_string (Object fields)))

(* Where Coq sees sentences in a candidate: `NONCE START END START END ...`, up to the first that does not parse. *)
let sentences nonce key setup statement text =
  mute := true;
  let opened = Fun.protect ~finally:(fun () -> mute := false) (fun () -> open_statement key setup statement) in
  Vernacstate.unfreeze_full_state opened.state;
  let span (_, { CAst.loc; _ }) = match loc with Some { Loc.bp; ep; _ } -> [ bp; ep ] | None -> [] in
  let spans = List.concat_map span (fst (parse text)) in
  Feedback.msg_notice (Pp.str (String.concat " " (nonce :: List.map string_of_int spans)))

(* Runs one more sentence where the last candidate stopped. *)
let at text =
  match !stopped with
  | None -> CErrors.user_err (Pp.str "No candidate has stopped here.")
  | Some st -> (
      Vernacstate.unfreeze_full_state st;
      match parse text with
      | [ (_, sentence) ], None -> ignore (execute st sentence)
      | _ -> CErrors.user_err (Pp.str "This is not one sentence."))
