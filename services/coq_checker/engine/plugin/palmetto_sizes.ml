(* What the strict guard knows of variables: how large the values are that they stand for, beside the arguments that
   fixpoints go down on. docs/strict-guard.md has the rules, by the names that stand at the functions here. *)

open Names
open Constr
open Declarations

(* What is known of a value, as seen from the argument that a fixpoint goes down on. *)
type size =
  | Same  (* the argument itself *)
  | Smaller  (* a part of it, of a type of its block; or a function whose values are *)
  | Holder of size option array  (* of another inductive type: what its parameters' elements are *)

type frame = int  (* a fixpoint that is being defined *)
type sizes = (frame * size) list

(* What is seen of the arguments of a function that another function is given. *)
type callback = { mutable seen : sizes array option; mutable escapes : bool }

type binding =
  | Value of sizes
  | Function of { frame : frame; decreasing : int; given : sizes }
  | Corecursive of frame
  | Callback of callback

(* Bindings by de Bruijn level; what has none is a variable of which nothing is known. *)
type context = { depth : int; bindings : binding Int.Map.t }

exception Refused of string

let refuse why = raise (Refused why)
let empty = { depth = 0; bindings = Int.Map.empty }
let find context rel = Int.Map.find_opt (context.depth - rel) context.bindings
let skip n context = { context with depth = context.depth + n }

let push binding { depth; bindings } =
  match binding with
  | Value [] -> { depth = depth + 1; bindings }
  | _ -> { depth = depth + 1; bindings = Int.Map.add depth binding bindings }

let last_frame = ref 0

let new_frame () =
  incr last_frame;
  !last_frame

(* -- sizes *)

let rec at_most one other =
  match (one, other) with
  | (Same | Smaller), Same | Smaller, Smaller -> true
  | Holder one, Holder other -> Int.equal (Array.length one) (Array.length other) && Array.for_all2 maybe_at_most one other
  | _ -> false

and maybe_at_most one = function
  | None -> true
  | Some other -> ( match one with None -> false | Some one -> at_most one other)

let rec common one other =
  match (one, other) with
  | Smaller, Smaller -> Some Smaller
  | (Same | Smaller), (Same | Smaller) -> Some Same
  | Holder one, Holder other when Int.equal (Array.length one) (Array.length other) ->
      Some (Holder (Array.map2 (fun one other -> Option.bind one (fun one -> Option.bind other (common one))) one other))
  | _ -> None

let common_sizes one other =
  let both (frame, size) =
    Option.bind (List.assoc_opt frame other) (fun size' -> Option.map (fun size -> (frame, size)) (common size size'))
  in
  List.filter_map both one

(* What a value has whose declared type, in a constructor of the block, is `ty`.
   block: the inductive block; own: what a value of it has, by its parameters; parameter: what the parameter has that `Rel n`
   stands for, where it stands for one. *)
let rec of_type ~block ~own ~parameter ty =
  match Constr.kind ty with
  | Prod (_, _, ty) -> of_type ~block ~own ~parameter:(fun rel -> if rel > 1 then parameter (rel - 1) else None) ty
  | _ -> (
      let head, args = Constr.decompose_app ty in
      match Constr.kind head with
      | Rel rel -> parameter rel
      | Ind ((m, _), _) ->
          let count = (Environ.lookup_mind m (Global.env ())).mind_nparams in
          let count = min count (Array.length args) in
          let parameters = Array.map (of_type ~block ~own ~parameter) (Array.sub args 0 count) in
          if MutInd.CanOrd.equal m block then own parameters
          else if Array.exists Option.has_some parameters then Some (Holder parameters)
          else None
      | _ -> None)

(* What the variables have that a branch binds, the outermost first, where a value of that size is matched on.
   corecursive: what a constructor's arguments have is asked for COFIX. *)
let of_branch ?(corecursive = false) ((block, i), constructor) size =
  let mib = Environ.lookup_mind block (Global.env ()) in
  let packet = mib.mind_packets.(i) in
  let declarations = Array.of_list (List.rev (fst packet.mind_nf_lc.(constructor))) in
  let first = List.length mib.mind_params_ctxt in
  let elements = match size with Holder elements -> elements | Same | Smaller -> [||] in
  (* Parameters count without the lets among them. *)
  let numbers = Array.make first None and count = ref 0 in
  for at = 0 to first - 1 do
    if Context.Rel.Declaration.is_local_assum declarations.(at) then (
      numbers.(at) <- (if !count < Array.length elements then elements.(!count) else None);
      incr count)
  done;
  (* The values of a coinductive type have no rank that their parts could be below. *)
  let ranked = corecursive || mib.mind_finite <> CoFinite in
  let own parameters =
    match size with
    | Same | Smaller -> if ranked then Some Smaller else None
    | Holder _ -> if Array.exists Option.has_some parameters then Some (Holder parameters) else None
  in
  let one at = function
    | Context.Rel.Declaration.LocalDef _ -> None
    | LocalAssum (_, ty) ->
        let parameter rel =
          let number = at - rel in
          if number >= 0 && number < first then numbers.(number) else None
        in
        of_type ~block ~own ~parameter ty
  in
  Array.init (Array.length declarations - first) (fun k -> one (first + k) declarations.(first + k))

let rec strip_lambdas n term =
  match Constr.kind term with Lambda (_, _, body) -> strip_lambdas (n + 1) body | _ -> (n, term)

(* Functions applied to variables where they stand, put in place: proofs by tactics are full of them. *)
let rec renamed term =
  match Constr.kind term with
  | App (head, args) when Array.for_all Constr.isRel args -> (
      match Constr.kind head with
      | Lambda (_, _, body) ->
          let rest = Array.sub args 1 (Array.length args - 1) in
          renamed (Constr.mkApp (Vars.subst1 args.(0) body, rest))
      | _ -> term)
  | _ -> term

(* Of what a branch binds, what a constructor has as arguments: lets in its type are none. *)
let arguments (context, _) bound =
  let count = Array.length bound in
  let assumed = Array.of_list (List.rev_map Context.Rel.Declaration.is_local_assum context) in
  let first = Array.length assumed - count in
  Array.of_list (List.filteri (fun at _ -> assumed.(first + at)) (Array.to_list bound))

let part constructor at sizes =
  let one (frame, size) =
    let found = of_branch constructor size in
    Option.map (fun size -> (frame, size)) (if at < Array.length found then found.(at) else None)
  in
  List.filter_map one sizes

(* What a match has whose every branch gives back a variable that it binds itself, or what comes of applying one; branches
   that cannot be reached, as they match on something without constructors, aside. sizes: of what is matched on. *)
let of_match ci branches sizes =
  let of_branch (so_far, constructor) (names, body) =
    let count = Array.length names and inner, body = strip_lambdas 0 (renamed body) in
    let given =
      match Constr.kind (fst (Constr.decompose_app body)) with
      | Case (_, _, _, _, _, _, [||]) -> so_far
      | Rel rel when rel > inner && rel <= inner + count ->
          let found = part (ci.ci_ind, constructor) (count + inner - rel) sizes in
          Some (match so_far with None -> found | Some so_far -> common_sizes so_far found)
      | _ -> Some []
    in
    (given, constructor + 1)
  in
  if sizes = [] then [] else Option.default [] (fst (Array.fold_left of_branch (None, 0) branches))

(* VARIABLE: a variable has what it was bound with, and so has what comes of applying one.
   PART: so has what a match on such a thing gives back, also where a definition is that match. *)
let rec sizes_of context term =
  if Int.Map.is_empty context.bindings then []
  else
    let head, args = Constr.decompose_app term in
    match Constr.kind head with
    | Rel rel -> ( match find context rel with Some (Value sizes) -> sizes | _ -> [])
    | Case (ci, _, _, _, _, scrutinee, branches) -> of_match ci branches (sizes_of context scrutinee)
    | Cast (term, _, _) -> sizes_of context term
    | Const (c, _) -> (
        match Environ.lookup_constant c (Global.env ()) with
        | { const_body = Def body; _ } -> (
            let count, body = strip_lambdas 0 body in
            match Constr.kind body with
            | Case (ci, _, _, _, _, scrutinee, branches) when count <= Array.length args -> (
                match Constr.kind scrutinee with
                | Rel rel when rel <= count -> of_match ci branches (sizes_of context args.(count - rel))
                | _ -> [])
            | _ -> [])
        | _ | (exception Not_found) -> [])
    | _ -> []

let is_function context term =
  match Constr.kind term with Rel rel -> ( match find context rel with Some (Function _) -> true | _ -> false) | _ -> false

let is_defined context term =
  match Constr.kind term with
  | Rel rel -> ( match find context rel with Some (Function _ | Corecursive _) -> true | _ -> false)
  | _ -> false

(* A definition that gives back one of its arguments: which one, and how many there are. *)
let method_of context c args =
  if not (Array.exists (is_defined context) args) then None
  else
    match Environ.lookup_constant c (Global.env ()) with
    | { const_body = Def body; _ } -> (
        let count, body = strip_lambdas 0 body in
        match Constr.kind body with
        | Rel rel when rel <= count && count <= Array.length args && is_defined context args.(count - rel) ->
            Some (count - rel, count)
        | _ -> None)
    | _ | (exception Not_found) -> None

(* METHOD: what the application of such a definition stands for, as those of classes with one method are: the argument, the
   others, and what it is applied to. *)
let resolved context c args =
  let stands_for (at, count) =
    let others = List.filteri (fun k _ -> k < count && not (Int.equal k at)) (Array.to_list args) in
    (args.(at), others, Array.sub args count (Array.length args - count))
  in
  Option.map stands_for (method_of context c args)

let is_corecursive context frame rel =
  match find context rel with Some (Corecursive frame') -> Int.equal frame frame' | _ -> false
