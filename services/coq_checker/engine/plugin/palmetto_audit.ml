(* What constants rest on, with a memory.

   The answer is that of Coq's own Print Assumptions (vernac/assumptions.ml, Coq 8.20 to Rocq 9.2): the axioms,
   section variables and switched-off checks that the body of a constant, the bodies that it uses, and so
   on, rest on; since Rocq 9.2 also those of the type of an axiom. Print Assumptions walks through all of it each time; here what was found out about a
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
open Palmetto_items
module Items = Palmetto_items
module Lookup = Palmetto_lookup

type 'declaration entry = { declaration : 'declaration; place : Lookup.place; items : Items.t }

let constants : constant_body entry Cmap_env.t ref = ref Cmap_env.empty
let inductives : mutual_inductive_body entry Mindmap_env.t ref = ref Mindmap_env.empty

(* Blocks of inductives that are being walked through: they occur in their own constructors. What else is
   reached from there was declared before them, and cannot name them. *)
let visiting = ref Mindset.empty

let holds entry declaration place =
  entry.declaration == declaration && Lookup.same_place entry.place place

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

let rec of_term items term =
  match Constr.kind term with
  | Var id -> Items.union (of_variable id) items
  | Const (c, _) -> Items.union (of_constant c) items
  | Ind ((m, _), _) | Construct (((m, _), _), _) -> Items.union (of_inductive m) items
  | Case (_, _, _, (([| _ |], return), _), _, scrutinee, [||])
    when Vars.noccurn 1 return && is_axiom scrutinee ->
      (* As Print Assumptions does: what is concluded from an axiom's absurdity does not count. Nor does the
         axiom's type here. Of an axiom that is used in another way too Print Assumptions forgets the type where
         it comes upon the absurdity first; here it counts then. *)
      of_axiom_alone items scrutinee
  | Case (ci, _, _, _, _, _, _) ->
      Constr.fold of_term (Items.union (of_inductive (fst ci.ci_ind)) items) term
  | _ -> Constr.fold of_term items term

(* Whether a term is a constant without a body, in the implementation too if its module is sealed. *)
and is_axiom term =
  match Constr.kind term with
  | Const (c, _) ->
      let cb, _ = Lookup.constant (Global.env ()) c in
      (not (Declareops.constant_has_body cb)) && Items.mem (Axiom, GlobRef.ConstRef c) (of_constant c)
  | _ -> false

and of_axiom_alone items term =
  match Constr.kind term with
  | Const (c, _) -> Items.union (itself c (fst (Lookup.constant (Global.env ()) c))) items
  | _ -> items

and of_variable id =
  match Global.lookup_named id with
  | Context.Named.Declaration.LocalAssum _ -> Items.singleton (Variable, GlobRef.VarRef id)
  | Context.Named.Declaration.LocalDef (_, body, _) -> of_term Items.empty body

and of_constant c =
  let env = Global.env () in
  let cb, in_environment = Lookup.constant env c in
  let place = place_of env c cb in_environment in
  match Cmap_env.find_opt c !constants with
  | Some entry when holds entry cb place -> entry.items
  | _ when in_environment -> (
      match Lookup.body_of cb with
      | Some body -> keep c cb place (of_body c cb body)
      | None -> of_bodiless env c cb)
  | _ -> of_sealed env c cb place

and place_of env c cb in_environment =
  let sealed = not (in_environment && Declareops.constant_has_body cb) in
  Lookup.place env (Constant.modpath c) ~sealed

and keep c declaration place items =
  constants := Cmap_env.add c { declaration; place; items } !constants;
  items

and of_flags c cb items =
  let gr = [ GlobRef.ConstRef c ] and flags = cb.const_typing_flags in
  items |> unless flags.check_guarded Guarded gr |> unless flags.check_universes Type_in_type gr

and of_body c cb body = of_flags c cb (of_term Items.empty body)
and itself c cb = of_flags c cb (Items.singleton (Axiom, GlobRef.ConstRef c))

and of_axiom c cb =
  if Palmetto_compat.axiom_types_count then of_term (itself c cb) cb.const_type else itself c cb

(* A field of a sealed module, whose implementation is at hand. *)
and of_sealed env c cb place =
  let before = !visiting in
  let own () =
    match Lookup.body_of cb with Some body -> of_body c cb body | None -> of_axiom c cb
  in
  match own () with
  | items -> keep c cb place items
  | exception Lookup.Hidden when Environ.mem_constant c env ->
      visiting := before;
      keep c cb place (snd (List.hd (Palmetto_coq.ask [ c ])))

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
  let answers =
    match path with
    | ModPath.MPfile _ when Lookup.is_own_name c -> [ (c, of_axiom c cb) ]
    | ModPath.MPfile _ -> Palmetto_coq.ask [ c ]
    | ModPath.MPbound _ | ModPath.MPdot _ -> Palmetto_coq.ask (c :: Environ.fold_constants add env [])
  in
  let remember (c, items) =
    let cb, in_environment = Lookup.constant env c in
    keep c cb (place_of env c cb in_environment) items
  in
  List.hd (List.map remember answers)

and of_inductive m =
  let env = Global.env () in
  let mib = Lookup.inductive env m in
  let place = Lookup.place env (MutInd.modpath m) ~sealed:(not (Environ.mem_mind m env)) in
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

(* One line a name: `NONCE NAME = ITEM; ITEM; ...`. *)
let line nonce name =
  let items = List.map Items.to_string (Items.elements (of_global (Smartlocate.global_with_alias name))) in
  nonce ^ " " ^ Libnames.string_of_qualid name ^ " = " ^ String.concat "; " items

let print nonce names =
  Feedback.msg_notice (Pp.prlist_with_sep Pp.fnl Pp.str (List.map (line nonce) names))

(* The constants that the body of a constant names: what a process that is to answer for its like should
   know beforehand. *)
let uses gr =
  let rec collect found term =
    match Constr.kind term with
    | Const (c, _) -> GlobRef.Set_env.add (GlobRef.ConstRef c) found
    | _ -> Constr.fold collect found term
  in
  let found =
    match gr with
    | GlobRef.ConstRef c ->
        let body = Lookup.body_of (Environ.lookup_constant c (Global.env ())) in
        Option.fold_left collect GlobRef.Set_env.empty body
    | _ -> GlobRef.Set_env.empty
  in
  List.map Items.full_name (GlobRef.Set_env.elements found)

(* Finds out what constants rest on, and remembers it; what has none of the names is no matter. *)
let warm names =
  let one name =
    try ignore (of_global (Smartlocate.global_with_alias (Libnames.qualid_of_string name)))
    with error when CErrors.noncritical error -> ()
  in
  List.iter one names
