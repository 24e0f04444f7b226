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

(* Coq's own answers about constants without a body in the environment. They are taken together: the graph
   that Coq walks through once says what each of them leads to. *)
let ask asked =
  let graph, assumptions = Palmetto_compat.traverse Library.indirect_accessor asked in
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
      assumptions GlobRef.Map.empty
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
