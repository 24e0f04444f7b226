(* A second guard, stricter than the kernel's: whether the fixpoints of a term are plainly structural.

   docs/strict-guard.md has the rules, by the names that stand at the functions here, and why what passes is sound. Every
   occurrence of a function that is being defined must be a call, and be right, where it stands: nothing is reduced first. *)

open Names
open Constr
open Declarations
open Palmetto_sizes

let most_followed = 200
let left_to_follow = ref most_followed
let calls_itself = "a function that is being defined is used without being called"

let rec mentions context term =
  match Constr.kind term with
  | Rel rel -> ( match find context rel with Some (Function _ | Corecursive _ | Callback _) -> true | _ -> false)
  | _ -> Constr.fold_constr_with_binders (skip 1) (fun context found term -> found || mentions context term) context false term

let rec check context term =
  match Constr.kind term with
  | Rel rel -> (
      match find context rel with
      | Some (Function _) -> refuse calls_itself
      | Some (Corecursive _) -> refuse "a corecursive call is not an argument of a constructor"
      | Some (Callback callback) -> callback.escapes <- true
      | Some (Value _) | None -> ())
  | Var _ | Sort _ | Const _ | Ind _ | Construct _ | Int _ | Float _ -> ()
  | Cast (term, _, ty) ->
      check context term;
      check context ty
  | Lambda (_, ty, body) | Prod (_, ty, body) ->
      check context ty;
      check (skip 1 context) body
  | LetIn (_, value, ty, body) -> (
      check context ty;
      match Constr.kind value with
      | Lambda _ when mentions context value -> local context value body
      | _ -> check (push (bound context value) context) body)
  | App (head, args) -> application context head args
  | Case (ci, _, parameters, ((names, return), _), inverted, scrutinee, branches) ->
      Array.iter (check context) parameters;
      check (skip (Array.length names) context) return;
      indices context inverted;
      check context scrutinee;
      let branch constructor (names, body) = check (matched context ci scrutinee constructor names) body in
      Array.iteri branch branches
  | Fix fix -> fixpoint context fix ~given:[]
  | CoFix cofix -> cofixpoint context cofix
  | Proj (_, _, term) -> check context term
  | Array (_, values, default, ty) ->
      Array.iter (check context) values;
      check context default;
      check context ty
  | Evar _ | Meta _ -> refuse "it is not a whole term"
  | _ -> () (* literals that only newer releases have *)

(* NAME: what is bound to a thing is that thing, a function that has not been given what it goes down on too. *)
and bound context value =
  let head, args = Constr.decompose_app value in
  match Constr.kind head with
  | Cast (value, _, ty) when args = [||] ->
      check context ty;
      bound context value
  | Rel rel -> (
      match find context rel with
      | Some (Function { frame; decreasing; given }) when decreasing >= Array.length args ->
          Array.iter (check context) args;
          Function { frame; decreasing = decreasing - Array.length args; given }
      | _ ->
          check context value;
          Value (sizes_of context value))
  | _ ->
      check context value;
      Value (sizes_of context value)

(* LOCAL: a function that a `let` binds is given what the calls of it have in common. *)
and local context value body =
  let callback = { seen = None; escapes = false } in
  check (push (Callback callback) context) body;
  match callback with
  | { seen = Some seen; escapes = false } -> called_back context value seen
  | _ -> check context value

and indices context = function
  | NoInvert -> ()
  | CaseInvert { indices } -> Array.iter (check context) indices

(* MATCH: what a branch binds is smaller than what is matched on. *)
and matched context ci scrutinee constructor names =
  let sizes = sizes_of context scrutinee in
  if sizes = [] then skip (Array.length names) context
  else
    let bind (context, at) _ = (push (Value (part (ci.ci_ind, constructor) at sizes)) context, at + 1) in
    fst (Array.fold_left bind (context, 0) names)

and application context head args =
  match Constr.kind head with
  | Rel rel -> (
      Array.iter (check context) args;
      match find context rel with
      | Some (Function { frame; decreasing; given }) ->
          let sizes = if decreasing < Array.length args then sizes_of context args.(decreasing) else [] in
          call frame given sizes
      | Some (Corecursive _) -> refuse "a corecursive call is not an argument of a constructor"
      | Some (Callback callback) ->
          let now = Array.map (sizes_of context) args in
          let one at sizes = if at < Array.length now then common_sizes sizes now.(at) else [] in
          callback.seen <- Some (match callback.seen with None -> now | Some before -> Array.mapi one before)
      | Some (Value _) | None -> ())
  (* NESTED: an inner fixpoint that is applied where it stands. *)
  | Fix (((decreasing, which), (names, _, _)) as fix) when Array.length names = 1 ->
      Array.iter (check context) args;
      let at = decreasing.(which) in
      fixpoint context fix ~given:(if at < Array.length args then sizes_of context args.(at) else [])
  | Lambda _ -> redex context head args 0
  | Const (c, _) -> (
      match resolved context c args with
      | Some (value, others, rest) ->
          List.iter (check context) others;
          if rest = [||] then check context value else application context value rest
      | None when Array.exists (fun arg -> is_function context arg || sizes_of context arg <> []) args ->
          iterator context c args
      | None -> Array.iter (check context) args)
  | _ ->
      check context head;
      Array.iter (check context) args

and redex context head args at =
  if at = Array.length args then check context head
  else
    match Constr.kind head with
    | Lambda (_, ty, body) ->
        check context ty;
        redex_under context body args (at + 1) (bound context args.(at))
    | _ ->
        check context head;
        for k = at to Array.length args - 1 do
          check context args.(k)
        done

(* Arguments that follow are outside of the binder. *)
and redex_under context body args at binding =
  let inner = push binding context in
  if at = Array.length args then check inner body
  else redex inner body (Array.map (Vars.lift 1) args) at

(* CALL: on something smaller; and what an inner fixpoint was given stays what it was. *)
and call frame given sizes =
  (match List.assoc_opt frame sizes with
  | Some Smaller -> ()
  | _ -> refuse "a recursive call is not on a variable that a match on the decreasing argument binds");
  let kept (frame, size) =
    match List.assoc_opt frame sizes with Some size' -> at_most size' size | None -> false
  in
  if not (List.for_all kept given) then refuse "an inner fixpoint changes what the outer one goes down on"

and fixpoint context ((decreasing, _), (names, types, bodies)) ~given =
  Array.iter (check context) types;
  let frame = new_frame () in
  let bind (context, k) _ = (push (Function { frame; decreasing = decreasing.(k); given }) context, k + 1) in
  let inner, _ = Array.fold_left bind (context, 0) names in
  Array.iteri (fun k body -> function_body inner body decreasing.(k) ((frame, Same) :: given)) bodies

and function_body context body left sizes =
  match Constr.kind body with
  | Lambda (_, ty, body) ->
      check context ty;
      if left = 0 then check (push (Value sizes) context) body else function_body (skip 1 context) body (left - 1) sizes
  | LetIn (_, value, ty, body) ->
      check context ty;
      function_body (push (bound context value) context) body left sizes
  | Cast (body, _, ty) ->
      check context ty;
      function_body context body left sizes
  | _ -> refuse "the body of a fixpoint does not begin with its arguments"

(* ITERATOR: a function that is already there is given one that calls back, and what it calls that with decides. *)
and iterator context c args =
  (* What is not a function by its form must be right where it stands, whatever it is used for. *)
  let calls arg =
    let head = fst (Constr.decompose_app arg) in
    if Constr.isLambda head then mentions context arg else is_function context head
  in
  let argument arg = if calls arg then Callback { seen = None; escapes = false } else Value (sizes_of context arg) in
  let bindings = Array.map argument args in
  let calls_back = Array.exists (function Callback _ -> true | _ -> false) bindings in
  let followed = calls_back && try unfolded c bindings ~fuel:most_unfolded with Refused _ -> false in
  let one binding arg =
    match binding with
    | Callback { seen = Some seen; escapes = false } when followed -> called_back context arg seen
    (* UNUSED: what drops it is given nothing. *)
    | Callback { seen = None; escapes = false } when followed && is_function context arg -> ()
    | _ -> check context arg
  in
  Array.iter2 one bindings args

and most_unfolded = 4

(* Whether the body of a constant, given these arguments, can be followed to what it does with them. Bodies may hand on what
   they are given to others, twice each: so many are followed for one fixpoint, and no more. *)
and unfolded c bindings ~fuel =
  decr left_to_follow;
  !left_to_follow >= 0
  &&
  match Environ.lookup_constant c (Global.env ()) with
  | { const_body = Def body; _ } -> applied empty body bindings ~fuel
  | _ | (exception Not_found) -> false

and applied context body bindings ~fuel =
  match (Constr.kind body, Array.to_list bindings) with
  | Lambda (_, ty, body), first :: rest ->
      check context ty;
      applied (push first context) body (Array.of_list rest) ~fuel
  | Fix (((decreasing, which), (names, _, _)) as fix), _ when Array.length names = 1 ->
      let at = decreasing.(which) in
      let given = if at < Array.length bindings then match bindings.(at) with Value sizes -> sizes | _ -> [] else [] in
      escape bindings;
      fixpoint context fix ~given;
      true
  | App (head, args), _ when fuel > 0 -> (
      match Constr.kind head with
      | Const (c, _) ->
          let argument arg =
            match Constr.kind arg with
            | Rel rel -> Option.default (Value []) (find context rel)
            | _ ->
                check context arg;
                Value (sizes_of context arg)
          in
          unfolded c (Array.append (Array.map argument args) bindings) ~fuel:(fuel - 1)
      | _ -> plain context body bindings)
  | _ -> plain context body bindings

and plain context body bindings =
  escape bindings;
  check context body;
  true

and escape bindings = Array.iter (function Callback callback -> callback.escapes <- true | _ -> ()) bindings

(* A function that is called with arguments of these sizes. *)
and called_back context arg seen =
  let count = Array.length seen in
  let rec under context body at =
    match Constr.kind body with
    | Lambda (_, ty, body) when at < count ->
        check context ty;
        under (push (Value seen.(at)) context) body (at + 1)
    | _ -> check context body
  in
  let head, args = Constr.decompose_app arg in
  match Constr.kind head with
  | Rel rel -> (
      match find context rel with
      | Some (Function { frame; decreasing; given }) ->
          Array.iter (check context) args;
          let at = decreasing - Array.length args in
          call frame given (if at >= 0 then if at < count then seen.(at) else [] else sizes_of context args.(decreasing))
      | _ -> check context arg)
  | Lambda _ -> under context arg 0
  | _ -> check context arg

(* COFIX: corecursive calls are arguments of constructors of a coinductive type. *)
and cofixpoint context (_, (names, types, bodies)) =
  Array.iter (check context) types;
  let frame = new_frame () in
  let inner = Array.fold_left (fun context _ -> push (Corecursive frame) context) context names in
  Array.iter (guarded inner ~frame ~under:false) bodies

and guarded context ~frame ~under term =
  match Constr.kind term with
  | Cast (term, _, ty) ->
      check context ty;
      guarded context ~frame ~under term
  | Lambda (_, ty, body) ->
      check context ty;
      guarded (skip 1 context) ~frame ~under body
  | LetIn (_, value, ty, body) ->
      check context ty;
      guarded (push (named context frame value) context) ~frame ~under body
  | Case (ci, _, parameters, ((names, return), _), inverted, scrutinee, branches)
    when Array.exists (fun (names, body) -> mentions (skip (Array.length names) context) body) branches ->
      Array.iter (check context) parameters;
      check (skip (Array.length names) context) return;
      if not (is_coinductive return) then refuse "a match around a corecursive call does not return a coinductive type";
      indices context inverted;
      check context scrutinee;
      let branch constructor (names, body) = guarded (matched context ci scrutinee constructor names) ~frame ~under body in
      Array.iteri branch branches
  | App (head, args) -> (
      match Constr.kind head with
      | Rel rel when under && is_corecursive context frame rel -> Array.iter (check context) args
      | Const (c, _) when under -> (
          match resolved context c args with
          | Some (value, others, rest) ->
              List.iter (check context) others;
              guarded context ~frame ~under (Constr.mkApp (value, rest))
          | None -> check context term)
      | Lambda (_, ty, body) ->
          check context ty;
          let rest = Array.map (Vars.lift 1) (Array.sub args 1 (Array.length args - 1)) in
          guarded (push (named context frame args.(0)) context) ~frame ~under (Constr.mkApp (body, rest))
      | Construct (((m, i), k), _) when is_cofinite m ->
          let mib = Environ.lookup_mind m (Global.env ()) in
          let parts = arguments mib.mind_packets.(i).mind_nf_lc.(k - 1) (of_branch ~corecursive:true ((m, i), k - 1) Same) in
          let one at arg =
            let at = at - mib.mind_nparams in
            match if at >= 0 && at < Array.length parts then parts.(at) else None with
            | Some Smaller -> guarded context ~frame ~under:true arg
            | _ -> check context arg
          in
          Array.iteri one args
      | _ -> check context term)
  | Rel rel when under && is_corecursive context frame rel -> ()
  | _ -> check context term

(* NAME: what is bound to a corecursive call is one. *)
and named context frame value =
  let head, args = Constr.decompose_app value in
  match Constr.kind head with
  | Cast (value, _, ty) when args = [||] ->
      check context ty;
      named context frame value
  | Rel rel when is_corecursive context frame rel ->
      Array.iter (check context) args;
      Corecursive frame
  | _ -> bound context value

and is_cofinite m = (Environ.lookup_mind m (Global.env ())).mind_finite = CoFinite

and is_coinductive ty =
  match Constr.kind ty with
  | Prod (_, _, ty) -> is_coinductive ty
  | _ -> ( match Constr.kind (fst (Constr.decompose_app ty)) with Ind ((m, _), _) -> is_cofinite m | _ -> false)

(* Why a fixpoint or cofixpoint, in which nothing is bound from outside, is not plainly structural; None where it is. *)
let problem term =
  left_to_follow := most_followed;
  match check empty term with () -> None | exception Refused why -> Some why
