(* Coq as a server of states: it answers requests until its socket is closed.

   States are Coq's own, by number; nothing is ever taken back. *)

module Json = Palmetto_json
module Goals = Palmetto_goals
module Heard = Palmetto_heard
module Document = Palmetto_document
module Candidate = Palmetto_candidate
module Wire = Palmetto_wire

exception Bad_request of string

(* -- places by number *)

let places : (int, Document.place) Hashtbl.t = Hashtbl.create 1024
let newest = ref 0

let number () =
  incr newest;
  !newest

let held number =
  match Hashtbl.find_opt places number with
  | Some place -> place
  | None -> CErrors.user_err Pp.(str "The state " ++ int number ++ str " is not held.")

let int text = match int_of_string_opt text with Some n -> n | None -> raise (Bad_request "a number is expected")
let words text = List.filter (fun word -> word <> "") (String.split_on_char ' ' text)
let flag text = int text > 0
let at text = held (int text)

(* -- requests *)

let messages () = [ ("messages", Heard.said ()) ]

let advance from most ends text =
  let steps = ref [] and last = ref 0 in
  let number () =
    last := number ();
    !last
  in
  let behind place sentence =
    Hashtbl.replace places !last place;
    let bp, ep = Document.span sentence in
    let names = List.map (fun id -> Json.String (Names.Id.to_string id)) (Document.names place) in
    let goals = if most > 0 && names <> [] then [ Json.Object (Goals.of_state ~most place.st) ] else [] in
    steps := Json.List ([ Json.Int !last; Int bp; Int ep; List names ] @ goals) :: !steps
  in
  let _, stop = Document.run ~held ~number ~behind ~ends from text in
  let stop =
    match stop with
    | Finished -> []
    | Failed error -> [ ("error", Document.problem error) ]
    | Astray (bp, ep) -> [ ("astray", Json.List [ Int bp; Int ep ]) ]
    | Refused _ -> assert false
  in
  (("steps", Json.List (List.rev !steps)) :: stop) @ messages ()

let query from text =
  let failed error = [ ("error", Document.problem error) ] in
  let came =
    match Document.parse from text with
    | [ sentence ], None -> (
        match Document.interp from.st sentence with
        | _ -> []
        | exception error -> failed (Exninfo.capture error))
    | _, Some error -> failed error
    | _, None -> [ ("error", Json.Object [ ("kind", String "syntax"); ("message", String "This is not one sentence.") ]) ]
  in
  came @ messages ()

(* What the proof made that was stated between two places and ended with a third; what it rests on is looked up at a
   fourth. *)
let audit ~known ~before ~stated ~(ended : Document.place) ~asked =
  let environment { Document.st; _ } = Palmetto_made.environment_of st in
  let around = Document.names before in
  let names = List.filter (fun id -> not (List.exists (Names.Id.equal id) around)) (Document.names stated) in
  match
    Palmetto_made.proved ~before:(environment before) ~after:(environment ended) ~names ~renamed:ended.renamed
  with
  | exception Palmetto_made.Unknown -> [ ("audits", Json.List []) ]
  | made ->
      Document.go_to asked;
      [ ("audits", Json.List (List.map (Palmetto_made.audit ~known:(environment known)) made)) ]

let check from gate attributes ends most keep setup statement closing text =
  let place = at from and ends = List.map int (words ends) in
  let gate = { Candidate.commands = words gate; attributes } in
  let came =
    Candidate.protect (fun () ->
        if closing = "" then Candidate.body ~gate ~ends ~most ~keep ~key:from ~from:place ~setup ~statement text
        else Candidate.script ~gate ~ends ~most ~from:place ~setup ~anchor:statement ~closing text)
  in
  came @ messages ()

(* -- processes *)

(* CoqHammer deletes what others have left in its folder: each process has its own. *)
let own_folder () =
  let folder = Filename.concat "/tmp" (string_of_int (Unix.getpid ())) in
  (try Unix.mkdir folder 0o700 with Unix.Unix_error _ -> ());
  Unix.putenv "TMPDIR" folder;
  Filename.set_temp_dir_name folder

(* How a fork ended is read from its zombie; it is waited for once the client says that this has been done. *)
let reap pids = List.iter (fun pid -> try ignore (Unix.waitpid [ Unix.WNOHANG ] pid) with Unix.Unix_error _ -> ()) pids

(* A fork writes to the whole minor heap: what has been used of it would be copied page by page, with next to nothing in it
   that lives, and be held twice. Another size makes OCaml take new pages. *)
let used_words = ref 0.

let fresh_minor_heap () =
  let words = Gc.minor_words () in
  if words -. !used_words > 65536. then (
    let control = Gc.get () in
    let other = if control.minor_heap_size land 4096 = 0 then -4096 else 4096 in
    Gc.set { control with minor_heap_size = control.minor_heap_size + other };
    used_words := Gc.minor_words ())

let fork wire path token =
  fresh_minor_heap ();
  match Unix.fork () with
  | 0 ->
      Wire.close wire;
      own_folder ();
      Some (Wire.connect path token)
  | _ -> None

let answer_to { Wire.operation; fields; _ } =
  match (operation, fields) with
  | "advance", [ from; most; ends; text ] -> advance (at from) (int most) (List.map int (words ends)) text
  | "check", [ from; gate; attributes; ends; most; keep; talk; setup; statement; closing; text ] ->
      Heard.talkative := flag talk;
      check from gate (flag attributes) ends (int most) (flag keep) setup statement closing text
  | "query", [ from; text ] -> query (at from) text
  | "goals", [ from; most ] ->
      Document.go_to (at from);
      Goals.of_state ~most:(int most) (at from).st
  | "parse", [ from; text ] ->
      Document.go_to (at from);
      let next = Document.reader text in
      (match next (at from) with
      | Some sentence -> [ ("spans", Candidate.spans [ sentence ]) ]
      | None -> [ ("spans", Json.List []) ]
      | exception _ -> [ ("spans", Json.List []) ])
  | "begin", [ number ] ->
      Hashtbl.replace places (int number) (Document.begin_at (int number) (at number));
      []
  | "audit", [ known; before; stated; ended; asked ] ->
      audit ~known:(at known) ~before:(at before) ~stated:(at stated) ~ended:(at ended) ~asked:(at asked)
  | "warm", [ from; names ] ->
      Document.go_to (at from);
      Palmetto_audit.warm (words names);
      []
  | "release", [ numbers ] ->
      List.iter (fun number -> Hashtbl.remove places (int number)) (words numbers);
      []
  | _ -> raise (Bad_request (Printf.sprintf "no operation %s with %d fields" operation (List.length fields)))

let rec loop wire =
  match Wire.request wire with
  | exception (End_of_file | Wire.Unreadable | Sys_error _) -> ()
  | { operation = "fork"; fields = [ path; token; pids ]; number; _ } -> (
      reap (List.map int (words pids));
      match fork wire path token with
      | Some own ->
          Wire.answer own "0" (Json.Object [ ("pid", Json.Int (Unix.getpid ())) ]);
          loop own
      | None ->
          Wire.answer wire number (Json.Object []);
          loop wire)
  | request ->
      Heard.start ~most:request.limit ~talk:false;
      (Heard.too_much :=
         fun () ->
           Wire.answer wire request.number (Json.Object [ ("overflow", Json.Int 1) ]);
           Unix._exit 0);
      let fields =
        try answer_to request with
        | Bad_request why -> [ ("bad_request", Json.String why) ]
        | error -> [ ("error", Document.problem (Exninfo.capture error)) ]
      in
      Wire.answer wire request.number (Json.Object fields);
      loop wire

let served = ref false

let serve path token =
  if !served then CErrors.user_err Pp.(str "This process serves already.");
  served := true;
  let wire = Wire.connect path token in
  let nowhere = Unix.openfile "/dev/null" [ Unix.O_RDWR; Unix.O_CLOEXEC ] 0 in
  List.iter (fun standard -> Unix.dup2 ~cloexec:false nowhere standard) [ Unix.stdin; Unix.stdout; Unix.stderr ];
  Unix.close nowhere;
  own_folder ();
  Heard.listen ();
  let first = number () in
  Hashtbl.replace places first (Document.first first (Vernacstate.freeze_full_state ()));
  Wire.answer wire "0" (Json.Object [ ("pid", Json.Int (Unix.getpid ())); ("state", Int first); ("version", String Coq_config.version) ]);
  loop wire;
  Unix._exit 0
