(* What a constant can rest on, and how it is told. *)

open Names

type kind = Axiom | Variable | Guarded | Positive | Type_in_type | Uip

let kind_name = function
  | Axiom -> "axiom"
  | Variable -> "variable"
  | Guarded -> "guarded"
  | Positive -> "positive"
  | Type_in_type -> "type_in_type"
  | Uip -> "uip"

(* As in Print Assumptions, one thing counts once, whatever alias a module gives it. *)
include Set.Make (struct
  type t = kind * GlobRef.t

  let compare (kind, gr) (kind', gr') =
    let order = Stdlib.compare kind kind' in
    if order <> 0 then order else GlobRef.CanOrd.compare gr gr'
end)

let canonical = function
  | GlobRef.ConstRef c -> GlobRef.ConstRef (Constant.make1 (Constant.canonical c))
  | GlobRef.IndRef (m, i) -> GlobRef.IndRef (MutInd.make1 (MutInd.canonical m), i)
  | GlobRef.ConstructRef ((m, i), k) -> GlobRef.ConstructRef ((MutInd.make1 (MutInd.canonical m), i), k)
  | GlobRef.VarRef _ as gr -> gr

(* What a sealed module hides has no name that Coq would read, except that of what it is an alias of. *)
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

let to_string (kind, gr) = kind_name kind ^ " " ^ full_name gr
