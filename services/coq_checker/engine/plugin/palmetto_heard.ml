(* What Coq prints for the user while a request is worked on. *)

module Json = Palmetto_json

(* What is done where a request's answer would pass its limit: the process cannot go on, for no exception is sure to get
   through what is running. *)
let too_much = ref (fun () -> exit 1)

let messages : string list ref = ref []
let bytes = ref 0
let most_bytes = ref max_int

(* Whether what a tactic tells by the way is wanted too (CoqHammer names the tactic to replace it with). *)
let talkative = ref false
let mute = ref false

let silently f =
  let before = !mute in
  mute := true;
  Fun.protect ~finally:(fun () -> mute := before) f

(* Coq's own listeners print to the terminal that there is not. *)
let listen () =
  for listener = 0 to 63 do
    Feedback.del_feeder listener
  done;
  ignore
    (Feedback.add_feeder (fun feedback ->
         let wanted = function
           | Feedback.Notice | Feedback.Warning -> true
           | Feedback.Info -> !talkative
           | Feedback.Debug | Feedback.Error -> false
         in
         match Palmetto_compat.message feedback.Feedback.contents with
         | Some (level, message) when (not !mute) && wanted level ->
             let text = Palmetto_goals.text message in
             bytes := !bytes + String.length text;
             if !bytes > !most_bytes then !too_much ();
             messages := text :: !messages
         | _ -> ()))

(* A new request begins, whose answer may have so many bytes. *)
let start ~most ~talk =
  messages := [];
  bytes := 0;
  most_bytes := most;
  talkative := talk;
  mute := false

let said () = Json.List (List.rev_map (fun text -> Json.String text) !messages)
