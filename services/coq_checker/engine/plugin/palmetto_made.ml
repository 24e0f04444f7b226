(* What a proof made, by the kernel's own names: the declarations that the environment has after it and did not
   have before. No name that a text gave is looked up. *)

open Names
open Declarations
module Items = Palmetto_items
module Json = Palmetto_json

(* The environment that a state of Coq's holds; the state itself stays where it is. *)
let environment_of st =
  let _, _, summary, _ = Vernacstate.Stm.non_pstate st in
  Summary.Interp.project_from_summary summary Global.global_env_summary_tag

(* The names of what is being proved in a state. *)
let pending st =
  match st.Vernacstate.interp.lemmas with
  | None -> []
  | Some stack -> Vernacstate.LemmaStack.get_all_proof_names stack

exception Unknown

(* The newest of a list, up to the part that the older list is. *)
let rec newer older newest =
  if newest == older then []
  else match newest with [] -> raise Unknown | head :: rest -> head :: newer older rest

(* Constants and section variables that `after` has and `before` has not, newest first, and inductive types where they are
   wanted. No module or section may have been opened or closed between the two.
   Raises Unknown where one has. *)
let declarations ?(types = false) ~before ~after () =
  let path = Safe_typing.current_modpath after in
  let fields = Safe_typing.structure_body_of_safe_env in
  let constant (label, field) =
    match field with
    | SFBconst _ -> Some (GlobRef.ConstRef (Constant.make2 path label))
    | SFBmind _ when types -> Some (GlobRef.IndRef (MutInd.make2 path label, 0))
    | _ -> None
  in
  let variables env = Environ.named_context (Safe_typing.env_of_safe_env env) in
  let variable declaration = GlobRef.VarRef (Context.Named.Declaration.get_id declaration) in
  List.filter_map constant (newer (fields before) (fields after))
  @ List.map variable (newer (variables before) (variables after))

let is_called names = function
  | GlobRef.ConstRef c -> List.exists (fun id -> Palmetto_compat.label_equal (Label.of_id id) (Constant.label c)) names
  | GlobRef.VarRef id -> List.exists (Id.equal id) names
  | GlobRef.IndRef _ | GlobRef.ConstructRef _ -> false

(* What a proof that ended made: what Coq said that it was proving, and where the end gave another name, or the
   proof stands for something else, all that is new. Where it goes by its own names the rest is of others: the last
   obligation of a program defines the program too.
   Raises Unknown where nothing is new. *)
let proved ~before ~after ~names ~renamed =
  let made = declarations ~before ~after () in
  match List.filter (is_called names) made with
  | [] when made = [] -> raise Unknown
  | [] -> made
  | called -> if renamed then made else called

(* Whether something exists in an environment, under this name or that of what it is an alias of. *)
let exists env gr =
  let mem = function
    | GlobRef.VarRef id -> List.exists (fun d -> Id.equal id (Context.Named.Declaration.get_id d)) (Environ.named_context env)
    | GlobRef.ConstRef c -> Environ.mem_constant c env
    | GlobRef.IndRef (m, _) | GlobRef.ConstructRef ((m, _), _) -> Environ.mem_mind m env
  in
  mem gr || mem (Items.canonical gr)

(* All that is new, inductive types too; nothing where a section or module was left. *)
let brought ~before ~after = try declarations ~types:true ~before ~after () with Unknown -> []

(* A declaration, what it rests on and whether that existed in the environment `known` already; and what parts of the
   kernel it uses with all that is new, and `others`. *)
let audit ~known ?(others = []) gr =
  let env = Safe_typing.env_of_safe_env known in
  let item (kind, gr) =
    Json.List [ String (Items.kind_name kind); String (Items.full_name gr); Int (Bool.to_int (exists env gr)) ]
  in
  let items = List.map item (Items.elements (Palmetto_audit.of_global gr)) in
  let features, places = Palmetto_features.of_globals ~known:(exists env) gr others in
  let place (feature, where) = Json.List [ String feature; String where ] in
  Json.Object
    [
      ("name", String (Items.full_name gr));
      ("items", List items);
      ("features", List (List.map (fun feature -> Json.String feature) features));
      ("places", List (List.map place places));
    ]
