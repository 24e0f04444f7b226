(* What parts of the kernel the declarations use that a candidate brought in, beyond the plain core.

   Names and meanings are those of services/coq_checker/soundness/features.py. *)

open Names
open Constr
open Declarations
module Lookup = Palmetto_lookup
module Guard = Palmetto_guard

module Seen = Hashtbl.Make (GlobRef.UserOrd)

(* A feature is a bit of a number: a walk through a million nodes adds them at most of these. *)
let names =
  [|
    "fixpoint_not_strict";
    "cofixpoint_not_strict";
    "unset_guard_checking";
    "unset_positivity_checking";
    "unset_universe_checking";
    "fixpoint";
    "cofixpoint";
    "vm_cast";
    "native_cast";
    "primitive_integer";
    "primitive_float";
    "primitive_string";
    "primitive_array";
    "array_literal";
    "universe_polymorphism";
    "sort_polymorphism";
    "sort_variable";
    "cumulativity";
    "let_in_polymorphic_inductive";
    "template_polymorphism";
    "sprop";
    "definitional_uip";
    "primitive_projection";
    "rewrite_rule";
    "inlined_polymorphic_constant";
    "nested_inductive";
    "large_block";
  |]

let bit name =
  let rec at k = if String.equal names.(k) name then 1 lsl k else at (k + 1) in
  at 0

let fixpoint_not_strict = bit "fixpoint_not_strict"
let cofixpoint_not_strict = bit "cofixpoint_not_strict"
let unset_guard_checking = bit "unset_guard_checking"
let unset_positivity_checking = bit "unset_positivity_checking"
let unset_universe_checking = bit "unset_universe_checking"
let fixpoint = bit "fixpoint"
let cofixpoint = bit "cofixpoint"
let vm_cast = bit "vm_cast"
let native_cast = bit "native_cast"
let primitive_integer = bit "primitive_integer"
let primitive_float = bit "primitive_float"
let primitive_string = bit "primitive_string"
let primitive_array = bit "primitive_array"
let array_literal = bit "array_literal"
let universe_polymorphism = bit "universe_polymorphism"
let sort_polymorphism = bit "sort_polymorphism"
let sort_variable = bit "sort_variable"
let cumulativity = bit "cumulativity"
let let_in_polymorphic_inductive = bit "let_in_polymorphic_inductive"
let template_polymorphism = bit "template_polymorphism"
let sprop = bit "sprop"
let definitional_uip = bit "definitional_uip"
let primitive_projection = bit "primitive_projection"
let rewrite_rule = bit "rewrite_rule"
let inlined_polymorphic_constant = bit "inlined_polymorphic_constant"
let nested_inductive = bit "nested_inductive"
let large_block = bit "large_block"

(* What is wrong wherever it stands. *)
let wrong =
  fixpoint_not_strict lor cofixpoint_not_strict lor unset_guard_checking lor unset_positivity_checking
  lor unset_universe_checking

let names_of features = List.filteri (fun k _ -> features land (1 lsl k) <> 0) (Array.to_list names)


(* What is found: the features, and for each that a proof may be refused for, where it is and why. *)
type found = { mutable features : int; mutable places : (string * string) list }

type walk = {
  known : GlobRef.t -> bool;  (* what is not the candidate's own *)
  found : found;
  given : Constr.t list Lazy.t;  (* fixpoints in the statement, which is not the candidate's *)
  seen : unit Seen.t;
  mutable waiting : GlobRef.t list;  (* own declarations that are to be looked at *)
  mutable name : string;  (* of the declaration that is being looked at *)
}

(* Blocks larger than this have overrun buffers of the virtual machine's. *)
let large = 200
let most_places = 8

let add walk feature = walk.found.features <- walk.found.features lor feature

let add_at walk feature why =
  add walk feature;
  let found = walk.found in
  let place = (List.hd (names_of feature), walk.name ^ ": " ^ why) in
  if List.length found.places < most_places && not (List.mem place found.places) then
    found.places <- found.places @ [ place ]

let instance walk u =
  if not (UVars.Instance.is_empty u) then (
    add walk universe_polymorphism;
    if fst (UVars.Instance.length u) > 0 then (
      add walk sort_polymorphism;
      let is_plain = function Sorts.Quality.QConstant (QProp | QType) -> true | _ -> false in
      if not (Array.for_all is_plain (fst (UVars.Instance.to_array u))) then add walk sort_variable))

let sorts walk =
  add walk sort_polymorphism;
  add walk sort_variable

(* Whether a type of a block has a let among its indices, or a constructor one among its arguments. *)
let has_lets mib =
  let differ one other = Array.exists2 (fun one other -> not (Int.equal one other)) one other in
  let packet packet =
    (not (Int.equal packet.mind_nrealdecls packet.mind_nrealargs))
    || differ packet.mind_consnrealdecls packet.mind_consnrealargs
  in
  Array.exists packet mib.mind_packets

let block walk m u =
  instance walk u;
  if not (UVars.Instance.is_empty u) then
    match Environ.lookup_mind m (Global.env ()) with
    | mib -> if has_lets mib then add walk let_in_polymorphic_inductive
    | exception Not_found -> ()

let relevance walk = function
  | Sorts.Relevant -> ()
  | Irrelevant -> add walk sprop
  | RelevanceVar _ -> sorts walk

let binder walk annot = relevance walk annot.Context.binder_relevance

let sort walk = function
  | Sorts.SProp -> add walk sprop
  | QSort _ -> sorts walk
  | Prop | Set | Type _ -> ()

let primitive walk operation =
  let name = CPrimitives.to_string operation in
  let is prefix = String.length name >= String.length prefix && String.equal (String.sub name 0 (String.length prefix)) prefix in
  if is "float" then add walk primitive_float
  else if is "array" then add walk primitive_array
  else if is "string" then add walk primitive_string
  else add walk primitive_integer

let is_polymorphic = function Monomorphic -> false | Polymorphic _ -> true

let met walk gr =
  if not (Seen.mem walk.seen gr) then (
    Seen.add walk.seen gr ();
    if not (walk.known gr) then walk.waiting <- gr :: walk.waiting;
    match gr with
    | ConstRef c -> (
        match Environ.lookup_constant c (Global.env ()) with
        | { const_body; const_inline_code; const_universes; _ } -> (
            if const_inline_code && is_polymorphic const_universes then add walk inlined_polymorphic_constant;
            match const_body with
            | Primitive operation -> primitive walk operation
            | Symbol _ -> add walk rewrite_rule
            | Undef _ | Def _ | OpaqueDef _ -> ())
        | exception Not_found -> ())
    | IndRef _ | ConstructRef _ | VarRef _ -> ())

(* Whether a constructor's argument of this type has the block's types inside of another inductive type. *)
let rec nests block ty =
  let rec names found term =
    found || match Constr.kind term with Ind ((m, _), _) -> MutInd.CanOrd.equal m block | _ -> Constr.fold names false term
  in
  match Constr.kind ty with
  | Prod (_, _, ty) -> nests block ty
  | App (head, args) -> (
      match Constr.kind head with
      | Ind ((m, _), _) -> (not (MutInd.CanOrd.equal m block)) && Array.exists (names false) args
      | _ -> false)
  | _ -> false

(* guarded: whether what stands around has been looked at by the strict guard already. deep: how many binders there are
   around, inside of what the virtual machine computes. *)
let rec term walk ~guarded ~deep t =
  let go = term walk ~guarded ~deep in
  let under n = term walk ~guarded ~deep:(if deep < 0 then deep else deep + n) in
  if deep > large then add walk large_block;
  match Constr.kind t with
  | Rel _ -> ()
  | Var id -> met walk (VarRef id)
  | Sort s -> sort walk s
  | Cast (t, kind, ty) -> (
      match kind with
      | VMcast | NATIVEcast ->
          add walk (if kind = VMcast then vm_cast else native_cast);
          term walk ~guarded ~deep:(max deep 0) t;
          term walk ~guarded ~deep:(max deep 0) ty
      | DEFAULTcast ->
          go t;
          go ty)
  | Lambda _ -> lambdas walk ~guarded ~deep 0 t
  | Prod (annot, ty, body) ->
      binder walk annot;
      go ty;
      under 1 body
  | LetIn (annot, value, ty, body) ->
      binder walk annot;
      go value;
      go ty;
      under 1 body
  | App (head, args) ->
      if Array.length args > large then add walk large_block;
      go head;
      Array.iter go args
  | Const (c, u) ->
      instance walk u;
      met walk (ConstRef c)
  | Ind ((m, _), u) | Construct (((m, _), _), u) ->
      block walk m u;
      met walk (IndRef (m, 0))
  | Case (ci, u, parameters, ((names, return), how), inverted, scrutinee, branches) ->
      block walk (fst ci.ci_ind) u;
      met walk (IndRef (fst ci.ci_ind, 0));
      relevance walk how;
      Array.iter (binder walk) names;
      if deep >= 0 && Array.length branches > large then add walk large_block;
      Array.iter go parameters;
      under (Array.length names) return;
      (match inverted with
      | NoInvert -> ()
      | CaseInvert { indices } ->
          add walk definitional_uip;
          Array.iter go indices);
      go scrutinee;
      Array.iter
        (fun (names, body) ->
          Array.iter (binder walk) names;
          under (Array.length names) body)
        branches
  | Fix (_, (names, types, bodies)) ->
      add walk fixpoint;
      recursive walk ~guarded ~deep fixpoint_not_strict t names types bodies
  | CoFix (_, (names, types, bodies)) ->
      add walk cofixpoint;
      recursive walk ~guarded ~deep cofixpoint_not_strict t names types bodies
  | Proj (_, how, t) ->
      add walk primitive_projection;
      relevance walk how;
      go t
  | Int _ -> add walk primitive_integer
  | Float _ -> add walk primitive_float
  | Array (u, values, default, ty) ->
      add walk primitive_array;
      if not (UVars.Instance.is_empty u) then add walk array_literal;
      instance walk u;
      Array.iter go values;
      go default;
      go ty
  | Evar _ | Meta _ -> ()
  | _ -> add walk primitive_string

(* Functions of many arguments, which make large closures where they are called with some of them, whoever calls them. *)
and lambdas walk ~guarded ~deep count t =
  match Constr.kind t with
  | Lambda (annot, ty, body) ->
      binder walk annot;
      term walk ~guarded ~deep ty;
      lambdas walk ~guarded ~deep:(if deep < 0 then deep else deep + 1) (count + 1) body
  | _ ->
      if count > large then add walk large_block;
      term walk ~guarded ~deep t

and recursive walk ~guarded ~deep feature t names types bodies =
  (if not guarded then
     match Guard.problem t with
     | Some why when not (Vars.closed0 t && List.exists (Constr.eq_constr_nounivs t) (Lazy.force walk.given)) -> add_at walk feature why
     | _ -> ());
  Array.iter (binder walk) names;
  if Array.length names > large then add walk large_block;
  Array.iter (term walk ~guarded:true ~deep) types;
  Array.iter (term walk ~guarded:true ~deep:(if deep < 0 then deep else deep + Array.length names)) bodies

let whole walk t = term walk ~guarded:false ~deep:(-1) t

let flags walk { check_guarded; check_positive; check_universes; _ } =
  if not check_guarded then add_at walk unset_guard_checking "guard checking is off";
  if not check_positive then add_at walk unset_positivity_checking "positivity checking is off";
  if not check_universes then add_at walk unset_universe_checking "universe checking is off"

let universes walk = function
  | Monomorphic -> ()
  | Polymorphic context ->
      add walk universe_polymorphism;
      if fst (UVars.AbstractContext.size context) > 0 then sorts walk

let declaration walk = function
  | Context.Rel.Declaration.LocalAssum (annot, ty) ->
      binder walk annot;
      whole walk ty
  | LocalDef (annot, value, ty) ->
      binder walk annot;
      whole walk value;
      whole walk ty

let inductive walk m mib =
  flags walk mib.mind_typing_flags;
  universes walk mib.mind_universes;
  if is_polymorphic mib.mind_universes && has_lets mib then add walk let_in_polymorphic_inductive;
  if Option.has_some mib.mind_variance then add walk cumulativity;
  if Option.has_some mib.mind_template then add walk template_polymorphism;
  if Palmetto_compat.has_primitive_projections mib then add walk primitive_projection;
  if Palmetto_audit.relies_on_uip mib then add walk definitional_uip;
  let packet packet =
    relevance walk packet.mind_relevance;
    if Array.exists (fun count -> count > large) packet.mind_consnrealdecls then add walk large_block;
    Context.Rel.iter (whole walk) packet.mind_arity_ctxt;
    Array.iter (whole walk) packet.mind_user_lc;
    let nested ty = nests m ty in
    let constructor (context, _) =
      List.iter (declaration walk) context;
      if List.exists (fun one -> nested (Context.Rel.Declaration.get_type one)) context then add walk nested_inductive
    in
    Array.iter constructor packet.mind_nf_lc
  in
  Array.iter packet mib.mind_packets

let own walk gr =
  walk.name <- Palmetto_items.full_name gr;
  match gr with
  | GlobRef.ConstRef c -> (
      match Environ.lookup_constant c (Global.env ()) with
      | cb ->
          flags walk cb.const_typing_flags;
          universes walk cb.const_universes;
          relevance walk cb.const_relevance;
          whole walk cb.const_type;
          Option.iter (whole walk) (Lookup.body_of cb)
      | exception Not_found -> ())
  | IndRef (m, _) | ConstructRef ((m, _), _) -> (
      match Environ.lookup_mind m (Global.env ()) with mib -> inductive walk m mib | exception Not_found -> ())
  | VarRef id -> (
      match Environ.lookup_named id (Global.env ()) with
      | LocalAssum (_, ty) -> whole walk ty
      | LocalDef (_, value, ty) ->
          whole walk value;
          whole walk ty
      | exception Not_found -> ())

(* The fixpoints that stand in what was to be proved; of a script that is a name of its own. *)
let stated gr =
  let env = Global.env () in
  let rec fixpoints found t =
    let found = match Constr.kind t with Fix _ | CoFix _ -> t :: found | _ -> found in
    Constr.fold fixpoints found t
  in
  match gr with
  | GlobRef.ConstRef c -> (
      let { const_type; _ } = Environ.lookup_constant c env in
      match Constr.kind const_type with
      | Const (statement, _) -> (
          match (Environ.lookup_constant statement env).const_body with
          | Def body -> fixpoints [] body
          | Undef _ | OpaqueDef _ | Primitive _ | Symbol _ -> [])
      | _ -> fixpoints [] const_type)
  | IndRef _ | ConstructRef _ | VarRef _ -> []

let rec go walk =
  match walk.waiting with
  | [] -> ()
  | gr :: rest ->
      walk.waiting <- rest;
      own walk gr;
      go walk

let first walk gr =
  if not (Seen.mem walk.seen gr) then (
    Seen.add walk.seen gr ();
    walk.waiting <- gr :: walk.waiting)

(* The features of a declaration and of all that it uses and that is not known; and what is wrong in others. Coq makes
   induction schemes that nobody uses: what else those have does not count. *)
let of_globals ~known gr others =
  let found = { features = 0; places = [] } in
  let walk = { known; found; given = lazy (stated gr); seen = Seen.create 64; waiting = []; name = "" } in
  first walk gr;
  go walk;
  let used = found.features in
  List.iter (first walk) others;
  go walk;
  (List.sort String.compare (names_of (used lor (found.features land wrong))), found.places)

(* -- what stands in libraries *)

let is_below root c =
  let path = DirPath.to_string (ModPath.dp (Constant.modpath c)) in
  String.equal path root || String.starts_with ~prefix:(root ^ ".") path

(* Each constant with a body of the libraries below `root`, as if it alone were a candidate's: `theorem` or `definition`,
   its name, its features, and what is wrong with them, a line each with tabs between. *)
let survey root =
  let one c cb lines =
    let kind =
      match cb.const_body with OpaqueDef _ -> Some "theorem" | Def _ -> Some "definition" | Undef _ | Primitive _ | Symbol _ -> None
    in
    match kind with
    | Some kind when is_below root c ->
        let gr = GlobRef.ConstRef c in
        let features, places = of_globals ~known:(fun other -> not (GlobRef.CanOrd.equal gr other)) gr [] in
        let why = String.concat "; " (List.map (fun (feature, where) -> feature ^ ": " ^ where) places) in
        String.concat "\t" [ kind; Palmetto_items.full_name gr; String.concat " " features; why ] :: lines
    | _ -> lines
  in
  Feedback.msg_notice (Pp.prlist_with_sep Pp.fnl Pp.str (Environ.fold_constants one (Global.env ()) []))
