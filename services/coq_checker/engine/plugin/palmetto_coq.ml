(* Coq's own answers. *)

open Names
open Palmetto_items
module Items = Palmetto_items

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

(* Where Coq comes upon an axiom's absurdity it does not look at the axiom's type, there or later. *)
let some_absurdity objects =
  let is_absurd obj _ = match obj with Printer.Axiom (_, _ :: _) -> true | _ -> false in
  Printer.ContextObjectMap.exists is_absurd objects

(* The types of the axioms among what Print Assumptions reports. *)
let axiom_types objects =
  let add obj ty types =
    match obj with
    | Printer.Axiom (Printer.Constant c, _) -> GlobRef.Map.add (GlobRef.ConstRef c) ty types
    | _ -> types
  in
  Printer.ContextObjectMap.fold add objects GlobRef.Map.empty

let rec fold_names f term found =
  let found =
    match Constr.kind term with
    | Constr.Const (c, _) -> f (GlobRef.ConstRef c) found
    | Constr.Ind (ind, _) -> f (GlobRef.IndRef ind) found
    | Constr.Construct (constructor, _) -> f (GlobRef.ConstructRef constructor) found
    | Constr.Var id -> f (GlobRef.VarRef id) found
    | Constr.Case (ci, _, _, _, _, _, _) -> f (GlobRef.IndRef ci.Constr.ci_ind) found
    | _ -> found
  in
  Constr.fold (fun found term -> fold_names f term found) found term

(* All that Print Assumptions reports. *)
let all objects =
  let add obj _ items = Option.fold_right Items.add (reported obj) items in
  Printer.ContextObjectMap.fold add objects Items.empty

(* What each of some constants leads to, from the graph that Coq walked through once for all of them. *)
let each asked graph objects =
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
      objects GlobRef.Map.empty
  in
  let types = if Palmetto_compat.axiom_types_count then axiom_types objects else GlobRef.Map.empty in
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
          | Some None | None -> (
              match GlobRef.Map.find_opt gr types with
              | Some ty -> fold_names (fun used items -> Items.union (closure used) items) ty own
              | None -> own)
        in
        closures := GlobRef.Map_env.add gr items !closures;
        items
  in
  List.map (fun c -> (c, closure (GlobRef.ConstRef c))) asked

(* Coq's own answers about constants without a body in the environment. They are taken together, since that is one
   walk for all. *)
let rec ask asked =
  let graph, objects = Palmetto_compat.traverse Library.indirect_accessor asked in
  match asked with
  | [ c ] -> [ (c, all objects) ]
  | _ when Palmetto_compat.axiom_types_count && some_absurdity objects ->
      List.concat_map (fun c -> ask [ c ]) asked
  | _ -> each asked graph objects
