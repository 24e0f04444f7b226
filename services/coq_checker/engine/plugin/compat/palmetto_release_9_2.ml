(* What differs between Coq's releases: Rocq 9.2. *)

open Names
open Declarations
open Mod_declarations
open Vernacexpr

type module_body = Mod_declarations.module_body

let sealed_fields body =
  match (mod_expr body, mod_type body) with Struct (_, fields), NoFunctor _ -> Some fields | _ -> None

let label_equal = Id.equal
let has_primitive_projections mib =
  Array.exists (fun packet -> match packet.mind_record with PrimRecord _ -> true | NotRecord | FakeRecord -> false) mib.mind_packets

let axiom_types_count = true

let traverse access constants =
  let all = List.map (fun c -> GlobRef.ConstRef c) constants in
  let transparent = Conv_oracle.get_transp_state (Environ.oracle (Global.env ())) in
  let _, graph, _ = Assumptions.traverse access all in
  (graph, Assumptions.assumptions access transparent all)

let is_parse_error = function Gramlib.Grammar.ParseError _ -> true | _ -> false
let message = function Feedback.Message (level, _, _, message) -> Some (level, message) | _ -> None

module Parser = Procq

let universes = Evd.ustate
let solve ~pstate ~info tactic = ComTactic.solve ~pstate Goal_select.SelectAll ~info tactic

let set_par_implementation = ComTactic.set_par_implementation

(* What is behind the end of a proof, from the state that it goes on from. *)
let save_proof ~proof ~st ~control ending =
  Vernacinterp.interp_qed_delayed_proof ~proof ~st ~control:(VernacControl.from_syntax control) ending

let printable = function PrintSorts -> Some "PrintSorts" | _ -> None

let pure = function
  | VernacAbbreviation _ -> Some "VernacSyntacticDefinition"
  | VernacSchemeAll _ -> Some "VernacSchemeAll"
  | VernacSort _ -> Some "VernacSort"
  | _ -> None
