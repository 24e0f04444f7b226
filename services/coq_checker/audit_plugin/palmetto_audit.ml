(* What constants rest on, with a memory.

   The answer is that of Coq's own Print Assumptions (vernac/assumptions.ml, Coq 8.20): the axioms,
   section variables and switched-off checks that the body of a constant, the bodies that it uses, and so
   on, rest on. Print Assumptions walks through all of it each time; here what was found out about a
   constant is kept, and a forked process inherits it.

   The memory is sound when the document goes back: an entry holds only for the very declaration that it
   was made for (physical equality of the kernel's declaration in the current environment). A declaration
   was checked against the environment below it, so that nothing below it can have changed while it is
   itself still there: going back and declaring something else under an old name makes every later
   declaration anew, and closing a section makes new declarations too. *)

open Names
open Constr
open Declarations

module Items = Set.Make (String)

let constants : (constant_body * Items.t) Cmap_env.t ref = ref Cmap_env.empty
let inductives : (mutual_inductive_body * Items.t) Mindmap_env.t ref = ref Mindmap_env.empty

let full_name gr =
  try Libnames.string_of_path (Nametab.path_of_global gr)
  with Not_found ->
    match gr with
    | GlobRef.ConstRef c -> Constant.to_string c
    | GlobRef.IndRef (m, _) | GlobRef.ConstructRef ((m, _), _) -> MutInd.to_string m
    | GlobRef.VarRef id -> Id.to_string id

let item kind name = Items.singleton (kind ^ " " ^ name)

(* What an object that Print Assumptions reports is, as an object and as an item. *)
let reported = function
  | Printer.Variable id -> Some (GlobRef.VarRef id, "variable", Id.to_string id)
  | Printer.Axiom (axiom, _) ->
      let kind, gr =
        match axiom with
        | Printer.Constant c -> ("axiom", GlobRef.ConstRef c)
        | Printer.Positive m -> ("positive", GlobRef.IndRef (m, 0))
        | Printer.Guarded gr -> ("guarded", gr)
        | Printer.TypeInType gr -> ("type_in_type", gr)
        | Printer.UIP m -> ("uip", GlobRef.IndRef (m, 0))
      in
      Some (gr, kind, full_name gr)
  | Printer.Opaque _ | Printer.Transparent _ -> None

(* The first inductive of a block stands for all of it, as in `reported`. *)
let representative = function
  | GlobRef.IndRef (m, _) | GlobRef.ConstructRef ((m, _), _) -> GlobRef.IndRef (m, 0)
  | gr -> gr

(* Coq's own answers about constants that have no body in the environment, taken together: what each of
   them leads to is in the graph that Coq walks through once for all. *)
let ask_coq asked =
  let env = Global.env () in
  let transparent = Conv_oracle.get_transp_state (Environ.oracle env) in
  let first = List.hd asked in
  let term = mkApp (mkConst first, Array.of_list (List.map mkConst asked)) in
  let access = Library.indirect_accessor in
  let _, graph, _ = Assumptions.traverse access (Constant.label first) term in
  let found =
    Printer.ContextObjectMap.fold
      (fun obj _ found ->
        match reported obj with
        | None -> found
        | Some (gr, kind, name) ->
            let gr = representative gr in
            let items = try GlobRef.Map_env.find gr found with Not_found -> Items.empty in
            GlobRef.Map_env.add gr (Items.add (kind ^ " " ^ name) items) found)
      (Assumptions.assumptions access transparent (GlobRef.ConstRef first) term)
      GlobRef.Map_env.empty
  in
  let closures = ref GlobRef.Map_env.empty in
  let rec closure gr =
    match GlobRef.Map_env.find_opt gr !closures with
    | Some items -> items
    | None ->
        let own =
          try GlobRef.Map_env.find (representative gr) found with Not_found -> Items.empty
        in
        closures := GlobRef.Map_env.add gr own !closures;
        let items =
          match GlobRef.Map_env.find_opt gr graph with
          | Some (Some used) ->
              GlobRef.Set_env.fold (fun used items -> Items.union (closure used) items) used own
          | Some None | None -> own
        in
        closures := GlobRef.Map_env.add gr items !closures;
        items
  in
  List.map (fun c -> (c, closure (GlobRef.ConstRef c))) asked

let unless checked kind gr items =
  if checked then items else Items.union (item kind (full_name gr)) items

(* A strict proposition with one constructor and no arguments of its own, eliminated freely. *)
let relies_on_uip mib =
  let eliminates packet =
    Option.is_empty packet.mind_squashed
    && packet.mind_relevance = Sorts.Irrelevant
    && Array.length packet.mind_nf_lc = 1
    && List.length (fst packet.mind_nf_lc.(0)) = List.length mib.mind_params_ctxt
  in
  Array.exists eliminates mib.mind_packets

let body_of cb =
  match cb.const_body with
  | Undef _ | Primitive _ | Symbol _ -> None
  | Def body -> Some body
  | OpaqueDef proof -> (
      match Global.force_proof Library.indirect_accessor proof with
      | body, _ -> Some body
      | exception e when CErrors.noncritical e -> None)

let rec of_term items term =
  match Constr.kind term with
  | Var id -> Items.union (of_variable id) items
  | Const (c, _) -> Items.union (of_constant c) items
  | Ind ((m, _), _) | Construct (((m, _), _), _) -> Items.union (of_inductive m) items
  | Case (_, _, _, (([| _ |], return), _), _, scrutinee, [||])
    when Vars.noccurn 1 return && is_axiom scrutinee ->
      (* As Print Assumptions does: what is concluded from an axiom's absurdity does not count. *)
      of_term items scrutinee
  | Case (ci, _, _, _, _, _, _) ->
      Constr.fold of_term (Items.union (of_inductive (fst ci.ci_ind)) items) term
  | _ -> Constr.fold of_term items term

and is_axiom term =
  match Constr.kind term with
  | Const (c, _) ->
      let env = Global.env () in
      Environ.mem_constant c env && not (Declareops.constant_has_body (Environ.lookup_constant c env))
  | _ -> false

and of_variable id =
  match Global.lookup_named id with
  | Context.Named.Declaration.LocalAssum _ -> item "variable" (Id.to_string id)
  | Context.Named.Declaration.LocalDef (_, body, _) -> of_term Items.empty body

and of_constant c =
  let env = Global.env () in
  let cb = Environ.lookup_constant c env in
  match Cmap_env.find_opt c !constants with
  | Some (known, items) when known == cb -> items
  | _ -> (
      let gr = GlobRef.ConstRef c in
      match body_of cb with
      | Some body ->
          let items =
            of_term Items.empty body
            |> unless cb.const_typing_flags.check_guarded "guarded" gr
            |> unless cb.const_typing_flags.check_universes "type_in_type" gr
          in
          constants := Cmap_env.add c (cb, items) !constants;
          items
      | None -> of_bodiless env c)

(* An axiom or a primitive; or, inside a module, a constant of a sealed one, whose implementation counts:
   Coq is asked, for all constants without a body of that module together. A file is no sealed module. *)
and of_bodiless env c =
  let path = Constant.modpath c in
  let same c' cb' asked =
    if (not (Constant.UserOrd.equal c c')) && ModPath.equal (Constant.modpath c') path
       && not (Declareops.constant_has_body cb')
    then c' :: asked
    else asked
  in
  let answers =
    match path with
    | MPfile _ -> [ (c, item "axiom" (full_name (GlobRef.ConstRef c))) ]
    | MPbound _ -> ask_coq [ c ]
    | MPdot _ -> ask_coq (c :: Environ.fold_constants same env [])
  in
  let keep (c, items) = constants := Cmap_env.add c (Environ.lookup_constant c env, items) !constants in
  List.iter keep answers;
  snd (Cmap_env.find c !constants)

and of_inductive m =
  let gr = GlobRef.IndRef (m, 0) in
    let mib = Environ.lookup_mind m (Global.env ()) in
    match Mindmap_env.find_opt m !inductives with
    | Some (known, items) when known == mib -> items
    | _ ->
        (* It occurs in its own constructors. *)
        let before = !inductives in
        inductives := Mindmap_env.add m (mib, Items.empty) before;
        let flags = mib.mind_typing_flags in
        let items =
          match
            Array.fold_left
              (fun items packet ->
                Array.fold_left of_term
                  (of_context items packet.mind_arity_ctxt)
                  packet.mind_user_lc)
              (of_context Items.empty mib.mind_params_ctxt)
              mib.mind_packets
          with
          | items -> items
          | exception e ->
              inductives := before;
              raise e
        in
        let items =
          items
          |> unless flags.check_positive "positive" gr
          |> unless flags.check_guarded "guarded" gr
          |> unless flags.check_universes "type_in_type" gr
          |> unless (not (relies_on_uip mib)) "uip" gr
        in
        inductives := Mindmap_env.add m (mib, items) !inductives;
        items

and of_context items context = Context.Rel.fold_outside of_declaration context ~init:items

and of_declaration declaration items =
  match declaration with
  | Context.Rel.Declaration.LocalAssum (_, ty) -> of_term items ty
  | Context.Rel.Declaration.LocalDef (_, body, ty) -> of_term (of_term items ty) body

let of_global = function
  | GlobRef.VarRef id -> of_variable id
  | GlobRef.ConstRef c -> of_constant c
  | GlobRef.IndRef (m, _) | GlobRef.ConstructRef ((m, _), _) -> of_inductive m

(* The constants that the body of a constant names: what a process that is to answer for its like should
   know beforehand. *)
let uses nonce name =
  let rec collect found term =
    match Constr.kind term with
    | Const (c, _) -> GlobRef.Set_env.add (GlobRef.ConstRef c) found
    | _ -> Constr.fold collect found term
  in
  let found =
    match Smartlocate.global_with_alias name with
    | GlobRef.ConstRef c ->
        let body = body_of (Environ.lookup_constant c (Global.env ())) in
        Option.fold_left collect GlobRef.Set_env.empty body
    | _ -> GlobRef.Set_env.empty
  in
  let names = List.map full_name (GlobRef.Set_env.elements found) in
  Feedback.msg_notice (Pp.str (String.concat " " (nonce :: names)))

(* One line a name: `NONCE NAME = ITEM; ITEM; ...`. *)
let print nonce names =
  let line name =
    let items = of_global (Smartlocate.global_with_alias name) in
    nonce ^ " " ^ Libnames.string_of_qualid name ^ " = " ^ String.concat "; " (Items.elements items)
  in
  let lines = List.map line names in
  Feedback.msg_notice (Pp.prlist_with_sep Pp.fnl Pp.str lines)

(* SerAPI reports the progress of every sentence, which nobody reads here and which costs as much as a
   small proof. Its listeners are replaced by one that passes on only what Coq prints for the user, in
   SerAPI's own form. A fork has a new listener, and needs this again. *)
let quiet () =
  let wide = Buffer.create 256 in
  let formatter = Format.formatter_of_buffer wide in
  Format.pp_set_margin formatter 100_000;
  let print level message =
    Buffer.clear wide;
    Pp.pp_with formatter message;
    Format.pp_print_flush formatter ();
    let line =
      Printf.sprintf
        "(Feedback((doc_id 0)(span_id 0)(route 0)(contents(Message(level %s)(loc())(pp())(str%S)))))\n" level
        (Buffer.contents wide)
    in
    (* In a fork SerAPI's output has descriptor 1, but OCaml's own channel on it is closed. *)
    let rec write at =
      if at < String.length line then
        write (at + Unix.write_substring Unix.stdout line at (String.length line - at))
    in
    write 0
  in
  for listener = 0 to 63 do
    Feedback.del_feeder listener
  done;
  ignore
    (Feedback.add_feeder (fun feedback ->
         match feedback.Feedback.contents with
         | Feedback.Message (Feedback.Notice, _, message) -> print "Notice" message
         | Feedback.Message (Feedback.Warning, _, message) -> print "Warning" message
         | _ -> ()))
