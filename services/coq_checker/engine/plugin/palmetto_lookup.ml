(* Declarations by their names, with the implementations of sealed modules. *)

open Names
open Declarations

(* A sealed module of another file hides a declaration that is not found the short way. *)
exception Hidden

(* The fields of a sealed module that was written out at the top of another file, without modules inside:
   the one form that is looked into here, since it is that of the library's real numbers. All others are
   left to Coq. *)
let implementation env path =
  match path with
  | ModPath.MPdot (ModPath.MPfile file, _) when not (DirPath.equal file (Lib.library_dp ())) -> (
      let flat = function _, (SFBconst _ | SFBmind _) -> true | _ -> false in
      match Environ.lookup_module path env with
      | body -> (
          match Palmetto_compat.sealed_fields body with
          | Some fields when List.for_all flat fields -> fields
          | _ -> [])
      | exception Not_found -> [])
  | _ -> []

let field env path label =
  List.find_map
    (fun (label', field) -> if Palmetto_compat.label_equal label label' then Some field else None)
    (implementation env path)

let is_own_name c = KerName.equal (Constant.user c) (Constant.canonical c)

(* The declaration of a constant that counts, and whether it is the one that the environment has. *)
let constant env c =
  let implemented () =
    match field env (Constant.modpath c) (Constant.label c) with
    | Some (SFBconst cb) -> Some cb
    | _ -> None
  in
  if Environ.mem_constant c env then
    let cb = Environ.lookup_constant c env in
    if Declareops.constant_has_body cb || not (is_own_name c) then (cb, true)
    else match implemented () with Some cb -> (cb, false) | None -> (cb, true)
  else match implemented () with Some cb -> (cb, false) | None -> raise Hidden

let inductive env m =
  if Environ.mem_mind m env then Environ.lookup_mind m env
  else
    match field env (MutInd.modpath m) (MutInd.label m) with
    | Some (SFBmind mib) -> mib
    | _ -> raise Hidden

let body_of cb =
  match cb.const_body with
  | Undef _ | Primitive _ | Symbol _ -> None
  | Def body -> Some body
  | OpaqueDef proof -> (
      match Global.force_proof Library.indirect_accessor proof with
      | body, _ -> Some body
      | exception e when CErrors.noncritical e -> None)

(* What an answer depends on besides the declaration: the closed modules around a field without a body, and
   for what is of the current file, the open module. *)
type place = { modules : Palmetto_compat.module_body list; seen_from : ModPath.t option }

let same_place place place' =
  List.equal ( == ) place.modules place'.modules
  && Option.equal ModPath.equal place.seen_from place'.seen_from

(* The modules inside its file that a declaration is in, as far as they are closed. *)
let rec closed_modules env = function
  | ModPath.MPfile _ -> []
  | path -> (
      let outer = match path with ModPath.MPdot (outer, _) -> closed_modules env outer | _ -> [] in
      try Environ.lookup_module path env :: outer with Not_found -> outer)

let place env path ~sealed =
  let of_this_file = DirPath.equal (ModPath.dp path) (Lib.library_dp ()) in
  {
    modules = (if sealed then closed_modules env path else []);
    seen_from = (if of_this_file then Some (Global.current_modpath ()) else None);
  }
