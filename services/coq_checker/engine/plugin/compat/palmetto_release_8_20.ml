(* What differs between Coq's releases: Coq 8.20. *)

open Names
open Declarations
open Vernacexpr

type module_body = Declarations.module_body

let sealed_fields body =
  match body with { mod_expr = Struct fields; mod_type = NoFunctor _; _ } -> Some fields | _ -> None

let label_equal = Label.equal
let has_primitive_projections mib =
  match mib.mind_record with PrimRecord _ -> true | NotRecord | FakeRecord -> false

let axiom_types_count = false

let traverse access constants =
  let first = List.hd constants in
  let term = Constr.mkApp (Constr.mkConst first, Array.of_list (List.map Constr.mkConst constants)) in
  let transparent = Conv_oracle.get_transp_state (Environ.oracle (Global.env ())) in
  let _, graph, _ = Assumptions.traverse access (Constant.label first) term in
  (graph, Assumptions.assumptions access transparent (GlobRef.ConstRef first) term)

let is_parse_error = function Gramlib.Grammar.Error _ -> true | _ -> false
let message = function Feedback.Message (level, _, message) -> Some (level, message) | _ -> None

module Parser = Pcoq

let universes = Evd.evar_universe_context
let solve ~pstate ~info tactic = ComTactic.solve ~pstate Goal_select.SelectAll ~info tactic ~with_end_tac:false

let set_par_implementation solve =
  ComTactic.set_par_implementation (fun ~pstate ~info tactic ~abstract ~with_end_tac:_ ->
      solve ~pstate ~info tactic ~abstract)

(* What is behind the end of a proof, from the state that it goes on from. *)
let save_proof ~proof ~st ~control ending = Vernacinterp.interp_qed_delayed_proof ~proof ~st ~control ending

let printable _ = None
let pure = function VernacSyntacticDefinition _ -> Some "VernacSyntacticDefinition" | _ -> None
