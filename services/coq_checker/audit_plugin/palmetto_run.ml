(* One candidate in one command: parsed, passed through the syntax-tree gate, executed and audited.

   SerAPI's document does the same in four exchanges, and keeps every sentence that it ever saw. Here
   nothing is kept but the state behind the statement, which the next candidate begins in, and the state
   that the last one stopped in, whose goals may be asked for. The command is a query: Coq takes the whole
   state back when it ends. *)

open Vernacexpr

(* What a sentence is, by the names that the gate's list goes by. What is not named here is for a more
   careful look. *)
let entry { control; attrs; expr } =
  match (control, attrs, expr) with
  | [], [], VernacSynterp (VernacExtend (name, _)) -> name.ext_entry
  | [], [], VernacSynPure command -> (
      match command with
      | VernacProof _ -> "VernacProof"
      | VernacEndProof (Proved _) -> "VernacEndProof"
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
      | VernacPrint _ -> "VernacPrint"
      | _ -> "")
  | _ -> ""

(* The sentences of a text, up to the first that does not parse. Nothing is executed, so that the grammar
   is the same for all of them. *)
let parse text =
  let parsable = Pcoq.Parsable.make (Gramlib.Stream.of_string text) in
  let grammar = Pvernac.main_entry (Some (Synterp.get_default_proof_mode ())) in
  let rec next parsed =
    match Pcoq.Entry.parse grammar parsable with
    | None -> (List.rev parsed, None)
    | Some sentence -> next (sentence :: parsed)
    | exception error -> (List.rev parsed, Some (Exninfo.capture error))
  in
  next []

let execute st sentence =
  Vernacinterp.interp ~intern:Vernacinterp.fs_intern ~st sentence

(* What the document's own execution of a sentence would leave: the state, and what is being proved. *)
type opened = { key : string; statement : string; state : Vernacstate.t; proving : Names.Id.t list }

let opened : opened option ref = ref None
let stopped : Vernacstate.t option ref = ref None

exception Unclear

let pending st =
  match st.Vernacstate.interp.lemmas with
  | None -> []
  | Some stack -> Vernacstate.LemmaStack.get_all_proof_names stack

(* The state behind the statement; `key` names the state before it. *)
let open_statement key statement =
  match !opened with
  | Some found when String.equal found.key key && String.equal found.statement statement -> found
  | _ -> (
      match parse statement with
      | [ sentence ], None ->
          let state = execute (Vernacstate.freeze_full_state ()) sentence in
          let found = { key; statement; state; proving = pending state } in
          opened := Some found;
          found
      | _ -> raise Unclear)

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
  | Gramlib.Grammar.Error _ | CLexer.Error.E _ -> "syntax"
  | Out_of_memory -> "memory"
  | _ -> "error"

type outcome =
  | Failed of int * Exninfo.iexn
  | Through of Vernacstate.t

(* The sentences one after the other, up to the first that fails; `problem` is what ended their parsing. *)
let rec execute_all opened st index sentences problem =
  stopped := Some st;
  match (sentences, problem) with
  | [], None -> Through st
  | [], Some error -> Failed (index, error)
  | sentence :: rest, _ -> (
      match step opened st sentence with
      | st -> execute_all opened st (index + 1) rest problem
      | exception error -> Failed (index, Exninfo.capture error))

let say nonce words = Feedback.msg_notice (Pp.str (String.concat " " (nonce :: words)))

let audit nonce proving =
  List.map (fun id -> Palmetto_audit.line nonce (Libnames.qualid_of_ident id)) proving

(* Says one of: `NONCE unclear`, nothing of the candidate was executed and the text is for a more careful
   look; `NONCE failed INDEX KIND MESSAGE`; `NONCE open`, all of it went through and the proof is not
   closed; `NONCE closed MICROSECONDS`, how long the audit took, and then a line a constant, as
   PalmettoAssumptions prints it. *)
let run nonce allowed ~expected key statement text =
  stopped := None;
  let allowed = String.split_on_char ' ' allowed in
  match
    let opened = open_statement key statement in
    Vernacstate.unfreeze_full_state opened.state;
    let sentences, problem = parse text in
    let count = List.length sentences in
    let clear = match problem with None -> count = expected | Some _ -> count <= expected in
    let gated { CAst.v; _ } = List.mem (entry v) allowed in
    if not (clear && opened.proving <> [] && List.for_all gated sentences) then raise Unclear;
    (opened.proving, execute_all opened opened.state 0 sentences problem)
  with
  | exception _ -> say nonce [ "unclear" ]
  | _, Failed (index, (error, _ as located)) ->
      let message = Pp.string_of_ppcmds (CErrors.iprint located) in
      say nonce [ "failed"; string_of_int index; kind_of error; message ]
  | proving, Through st -> (
      let still = pending st in
      if List.exists (fun id -> List.exists (Names.Id.equal id) still) proving then say nonce [ "open" ]
      else
        let begun = Unix.gettimeofday () in
        match audit nonce proving with
        | lines ->
            let microseconds = int_of_float (1e6 *. (Unix.gettimeofday () -. begun)) in
            say nonce [ "closed"; String.concat "\n" (string_of_int microseconds :: lines) ]
        | exception _ -> say nonce [ "unclear" ])

(* Runs one more sentence where the last candidate stopped. *)
let at text =
  match !stopped with
  | None -> CErrors.user_err (Pp.str "No candidate has stopped here.")
  | Some st -> (
      Vernacstate.unfreeze_full_state st;
      match parse text with
      | [ sentence ], None -> ignore (execute st sentence)
      | _ -> CErrors.user_err (Pp.str "This is not one sentence."))
