(* The goals of a proof, as Coq prints them, in parts. *)

module Json = Palmetto_json

(* Without line breaks, as far as Coq's printer leaves that open. *)
let text =
  let buffer = Buffer.create 1024 in
  let formatter = Format.formatter_of_buffer buffer in
  Format.pp_set_margin formatter 100_000;
  fun printed ->
    Buffer.clear buffer;
    (* In a box, as Coq prints it: outside of one each place where a line may end is such an end. *)
    Format.fprintf formatter "@[%a@]" Pp.pp_with printed;
    Format.pp_print_flush formatter ();
    Buffer.contents buffer

(* Declarations in Coq's own order, oldest first; those of one type that stand together are one. *)
let hypotheses env sigma =
  let declaration found declaration =
    let names, body, kind =
      match declaration with
      | Context.Compacted.Declaration.LocalAssum (names, kind) -> (names, None, kind)
      | Context.Compacted.Declaration.LocalDef (names, body, kind) -> (names, Some body, kind)
    in
    let name { Context.binder_name; _ } = Json.String (Names.Id.to_string binder_name) in
    let body =
      match body with
      | None -> Json.Null
      | Some body ->
          let printed = Printer.pr_leconstr_env ~inctx:true env sigma body in
          (* As Coq does, for a type follows. *)
          Json.String (text (if EConstr.isCast sigma body then Pp.surround printed else printed))
    in
    Json.List [ List (List.map name names); body; String (text (Printer.pr_letype_env env sigma kind)) ]
    :: found
  in
  let compact = Termops.compact_named_context sigma (EConstr.named_context env) in
  Json.List (List.fold_left declaration [] compact)

let name sigma evar = Json.String (text (Termops.pr_existential_key (Global.env ()) sigma evar))

let conclusion sigma info =
  let env = Evd.evar_filtered_env (Global.env ()) info in
  Json.String (text (Printer.pr_letype_env ~goal_concl_style:true env sigma (Evd.evar_concl info)))

(* The existential variables in what is shown of a goal, by age, each with its type where it was made. *)
let existentials sigma info =
  let existential evar = Json.List [ name sigma evar; conclusion sigma (Evd.find_undefined sigma evar) ] in
  List.map existential (Evar.Set.elements (Evarutil.filtered_undefined_evars_of_evar_info sigma info))

let goal sigma evar =
  let info = Evd.find_undefined sigma evar in
  let env = Evd.evar_filtered_env (Global.env ()) info in
  let shown = [ ("h", hypotheses env sigma); ("c", conclusion sigma info); ("n", name sigma evar) ] in
  Json.Object (match existentials sigma info with [] -> shown | some -> ("e", Json.List some) :: shown)

let rec take n = function head :: tail when n > 0 -> head :: take (n - 1) tail | _ -> []

(* Of the goals in focus, of those on the shelf and of those that were given up the first `most`, and how many there are;
   how many are out of focus. *)
let of_proof ~most proof =
  let { Proof.sigma; goals; stack; _ } = Proof.data proof in
  let behind = List.fold_left (fun n (before, after) -> n + List.length before + List.length after) 0 stack in
  let shelf = List.sort Evar.compare (List.filter (Evd.is_undefined sigma) (Evd.shelf sigma)) in
  let told shown counted = function
    | [] -> []
    | some -> [ (shown, Json.List (List.map (goal sigma) (take most some))); (counted, Json.Int (List.length some)) ]
  in
  told "goals" "count" goals
  @ told "shelf" "shelved" shelf
  @ told "given_up" "given_up_count" (Evar.Set.elements (Evd.given_up sigma))
  @ if behind = 0 then [] else [ ("unfocused", Json.Int behind) ]

let of_state ~most st =
  match st.Vernacstate.interp.lemmas with
  | None -> []
  | Some stack ->
      Vernacstate.LemmaStack.with_top stack ~f:(fun proof -> of_proof ~most (Declare.Proof.get proof))

(* Whether no goal is left anywhere in the innermost proof, and none was given up. *)
let nothing_left st =
  let empty proof =
    let { Proof.sigma; _ } = Proof.data proof in
    Proof.is_done proof
    && Evar.Set.is_empty (Evd.given_up sigma)
    && not (List.exists (Evd.is_undefined sigma) (Evd.shelf sigma))
  in
  match st.Vernacstate.interp.lemmas with
  | None -> false
  | Some stack -> Vernacstate.LemmaStack.with_top stack ~f:(fun proof -> empty (Declare.Proof.get proof))
