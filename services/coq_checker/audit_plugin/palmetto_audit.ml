(* What constants rest on, with a memory.

   The answer is that of Coq's own Print Assumptions (vernac/assumptions.ml, Coq 8.20): the axioms,
   section variables and switched-off checks that the body of a constant, the bodies that it uses, and so
   on, rest on. Print Assumptions walks through all of it each time; here what was found out about a
   constant is kept, and a forked process inherits it.

   The memory is sound when the document goes back, because an entry holds only for the very declaration
   that it was made for (physical equality of the kernel's record in the current environment, which the
   entry keeps alive, so that no later one can have its address):
   - A declaration is checked against the environment below it. While it is itself there, nothing below it
     has changed: going back further declares it, and all that is above, anew.
   - Closing a section makes new records of what was in it. Leaving a module makes new records of what is
     seen from outside in another way.
   - Applying a functor, naming or including a module makes new records, except where nothing in a
     declaration depends on what is replaced. Such a record is shared, but so is all that its body uses.
   - A field without a body of a sealed module is the one case where the answer depends on more than the
     record: the implementation counts, and `Parameter a : nat` of a signature is one shared record for
     every module of that signature. There the records of the enclosing modules, which every definition of
     a module makes anew, must be the same too.
   - Coq finds the implementation of a sealed module of the current file from the place where that module
     is and from inside it, but not from within another open module. What is said about things of the
     current file holds only in the open module where it was found out.
   Only complete answers are stored, so that an interrupt in the middle leaves nothing wrong behind. *)

open Names
open Constr
open Declarations

type kind = Axiom | Variable | Guarded | Positive | Type_in_type | Uip

let kind_name = function
  | Axiom -> "axiom"
  | Variable -> "variable"
  | Guarded -> "guarded"
  | Positive -> "positive"
  | Type_in_type -> "type_in_type"
  | Uip -> "uip"

(* As in Print Assumptions, one thing counts once, whatever alias a module gives it. *)
module Items = Set.Make (struct
  type t = kind * GlobRef.t

  let compare (kind, gr) (kind', gr') =
    let order = Stdlib.compare kind kind' in
    if order <> 0 then order else GlobRef.CanOrd.compare gr gr'
end)

(* What an answer depends on besides the declaration: the closed modules around a field without a body, and
   for what is of the current file, the open module. *)
type place = { modules : module_body list; seen_from : ModPath.t option }

type 'declaration entry = { declaration : 'declaration; place : place; items : Items.t }

let constants : constant_body entry Cmap_env.t ref = ref Cmap_env.empty
let inductives : mutual_inductive_body entry Mindmap_env.t ref = ref Mindmap_env.empty

(* Blocks of inductives that are being walked through: they occur in their own constructors. What else is
   reached from there was declared before them, and cannot name them. *)
let visiting = ref Mindset.empty

let holds entry declaration place =
  entry.declaration == declaration
  && List.equal ( == ) entry.place.modules place.modules
  && Option.equal ModPath.equal entry.place.seen_from place.seen_from

(* What an object that Print Assumptions reports is, and what it was found at. *)
let reported = function
  | Printer.Variable id -> Some (Variable, GlobRef.VarRef id)
  | Printer.Axiom (Printer.Constant c, _) -> Some (Axiom, GlobRef.ConstRef c)
  | Printer.Axiom (Printer.Positive m, _) -> Some (Positive, GlobRef.IndRef (m, 0))
  | Printer.Axiom (Printer.Guarded gr, _) -> Some (Guarded, gr)
  | Printer.Axiom (Printer.TypeInType gr, _) -> Some (Type_in_type, gr)
  | Printer.Axiom (Printer.UIP m, _) -> Some (Uip, GlobRef.IndRef (m, 0))
  | Printer.Opaque _ | Printer.Transparent _ -> None

(* The first inductive stands for its whole block, whose members all rest on the same. *)
let representative = function
  | GlobRef.IndRef (m, _) | GlobRef.ConstructRef ((m, _), _) -> GlobRef.IndRef (m, 0)
  | gr -> gr

(* Coq's own answers about constants without a body in the environment. They are taken together: the graph
   that Coq walks through once says what each of them leads to. *)
let ask_coq asked =
  let env = Global.env () in
  let transparent = Conv_oracle.get_transp_state (Environ.oracle env) in
  let first = List.hd asked in
  let term = mkApp (mkConst first, Array.of_list (List.map mkConst asked)) in
  let access = Library.indirect_accessor in
  let _, graph, _ = Assumptions.traverse access (Constant.label first) term in
  (* Coq names one alias of each thing: it is looked up by what all aliases share. *)
  let found =
    Printer.ContextObjectMap.fold
      (fun obj _ found ->
        match reported obj with
        | None -> found
        | Some (kind, gr) ->
            let key = representative gr in
            let items = try GlobRef.Map.find key found with Not_found -> Items.empty in
            GlobRef.Map.add key (Items.add (kind, gr) items) found)
      (Assumptions.assumptions access transparent (GlobRef.ConstRef first) term)
      GlobRef.Map.empty
  in
  let closures = ref GlobRef.Map_env.empty in
  let rec closure gr =
    match GlobRef.Map_env.find_opt gr !closures with
    | Some items -> items
    | None ->
        let own = try GlobRef.Map.find (representative gr) found with Not_found -> Items.empty in
        (* Only members of one block of inductives meet themselves again, and those all have the same
           successors: what is missing here is added by the one that is being looked at. *)
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

let unless checked kind what items =
  if checked then items else List.fold_left (fun items gr -> Items.add (kind, gr) items) items what

(* The inductives and constructors of a block. *)
let members m mib =
  let of_packet i packet =
    let constructor k _ = GlobRef.ConstructRef ((m, i), k + 1) in
    GlobRef.IndRef (m, i) :: List.mapi constructor (Array.to_list packet.mind_consnames)
  in
  List.concat (List.mapi of_packet (Array.to_list mib.mind_packets))

(* A strict proposition with one constructor and no arguments of its own, eliminated freely. *)
let relies_on_uip mib =
  let eliminates packet =
    Option.is_empty packet.mind_squashed
    && packet.mind_relevance == Sorts.Irrelevant
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

(* The modules inside its file that a declaration is in, as far as they are closed. *)
let rec closed_modules env = function
  | ModPath.MPfile _ -> []
  | path -> (
      let outer = match path with ModPath.MPdot (outer, _) -> closed_modules env outer | _ -> [] in
      try Environ.lookup_module path env :: outer with Not_found -> outer)

let place_in path modules =
  let of_this_file = DirPath.equal (ModPath.dp path) (Lib.library_dp ()) in
  { modules; seen_from = (if of_this_file then Some (Global.current_modpath ()) else None) }

let place_of_constant env c cb =
  let path = Constant.modpath c in
  place_in path (if Declareops.constant_has_body cb then [] else closed_modules env path)

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

(* Whether a term is a constant without a body, in the implementation too if its module is sealed. *)
and is_axiom term =
  match Constr.kind term with
  | Const (c, _) ->
      (not (Declareops.constant_has_body (Environ.lookup_constant c (Global.env ()))))
      && Items.mem (Axiom, GlobRef.ConstRef c) (of_constant c)
  | _ -> false

and of_variable id =
  match Global.lookup_named id with
  | Context.Named.Declaration.LocalAssum _ -> Items.singleton (Variable, GlobRef.VarRef id)
  | Context.Named.Declaration.LocalDef (_, body, _) -> of_term Items.empty body

and of_constant c =
  let env = Global.env () in
  let cb = Environ.lookup_constant c env in
  let place = place_of_constant env c cb in
  match Cmap_env.find_opt c !constants with
  | Some entry when holds entry cb place -> entry.items
  | _ -> (
      match body_of cb with
      | None -> of_bodiless env c cb
      | Some body ->
          let items = of_flags c cb (of_term Items.empty body) in
          constants := Cmap_env.add c { declaration = cb; place; items } !constants;
          items)

and of_flags c cb items =
  let gr = [ GlobRef.ConstRef c ] and flags = cb.const_typing_flags in
  items |> unless flags.check_guarded Guarded gr |> unless flags.check_universes Type_in_type gr

(* An axiom or a primitive; or, inside a module, a field of a sealed one, whose implementation counts: Coq
   is asked, for all such fields of that module together. A file is no sealed module. *)
and of_bodiless env c cb =
  let path = Constant.modpath c in
  let add c' cb' asked =
    if
      (not (Constant.UserOrd.equal c c'))
      && ModPath.equal (Constant.modpath c') path
      && not (Declareops.constant_has_body cb')
    then c' :: asked
    else asked
  in
  let own_name = KerName.equal (Constant.user c) (Constant.canonical c) in
  let answers =
    match path with
    | ModPath.MPfile _ when own_name ->
        [ (c, of_flags c cb (Items.singleton (Axiom, GlobRef.ConstRef c))) ]
    | ModPath.MPfile _ -> ask_coq [ c ]
    | ModPath.MPbound _ | ModPath.MPdot _ -> ask_coq (c :: Environ.fold_constants add env [])
  in
  let keep (c, items) =
    let declaration = Environ.lookup_constant c env in
    let place = place_of_constant env c declaration in
    constants := Cmap_env.add c { declaration; place; items } !constants
  in
  List.iter keep answers;
  snd (List.hd answers)

and of_inductive m =
  let mib = Environ.lookup_mind m (Global.env ()) in
  let place = place_in (MutInd.modpath m) [] in
  match Mindmap_env.find_opt m !inductives with
  | Some entry when holds entry mib place -> entry.items
  | _ when Mindset.mem m !visiting -> Items.empty
  | _ ->
      visiting := Mindset.add m !visiting;
      let of_packet items packet =
        Array.fold_left of_term (of_context items packet.mind_arity_ctxt) packet.mind_user_lc
      in
      let flags = mib.mind_typing_flags and all = members m mib and first = [ GlobRef.IndRef (m, 0) ] in
      let items =
        Array.fold_left of_packet (of_context Items.empty mib.mind_params_ctxt) mib.mind_packets
        |> unless flags.check_positive Positive first
        |> unless flags.check_guarded Guarded all
        |> unless flags.check_universes Type_in_type all
        |> unless (not (relies_on_uip mib)) Uip first
      in
      inductives := Mindmap_env.add m { declaration = mib; place; items } !inductives;
      visiting := Mindset.remove m !visiting;
      items

and of_context items context = Context.Rel.fold_outside of_declaration context ~init:items

and of_declaration declaration items =
  match declaration with
  | Context.Rel.Declaration.LocalAssum (_, ty) -> of_term items ty
  | Context.Rel.Declaration.LocalDef (_, body, ty) -> of_term (of_term items ty) body

let of_global gr =
  (* An earlier question may have been interrupted. *)
  visiting := Mindset.empty;
  match gr with
  | GlobRef.VarRef id -> of_variable id
  | GlobRef.ConstRef c -> of_constant c
  | GlobRef.IndRef (m, _) | GlobRef.ConstructRef ((m, _), _) -> of_inductive m

let canonical = function
  | GlobRef.ConstRef c -> GlobRef.ConstRef (Constant.make1 (Constant.canonical c))
  | GlobRef.IndRef (m, i) -> GlobRef.IndRef (MutInd.make1 (MutInd.canonical m), i)
  | GlobRef.ConstructRef ((m, i), k) -> GlobRef.ConstructRef ((MutInd.make1 (MutInd.canonical m), i), k)
  | GlobRef.VarRef _ as gr -> gr

(* What a sealed module hides has no name that Coq would read, unless under the name that it is an alias of. *)
let full_name gr =
  let path gr = Libnames.string_of_path (Nametab.path_of_global gr) in
  try path gr
  with Not_found -> (
    try path (canonical gr)
    with Not_found -> (
      match gr with
      | GlobRef.VarRef id -> Id.to_string id
      | GlobRef.ConstRef c -> Constant.to_string c
      | GlobRef.IndRef (m, _) | GlobRef.ConstructRef ((m, _), _) -> MutInd.to_string m))

let item (kind, gr) = kind_name kind ^ " " ^ full_name gr

(* One line a name: `NONCE NAME = ITEM; ITEM; ...`. *)
let print nonce names =
  let line name =
    let items = List.map item (Items.elements (of_global (Smartlocate.global_with_alias name))) in
    nonce ^ " " ^ Libnames.string_of_qualid name ^ " = " ^ String.concat "; " items
  in
  let lines = List.map line names in
  Feedback.msg_notice (Pp.prlist_with_sep Pp.fnl Pp.str lines)

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
