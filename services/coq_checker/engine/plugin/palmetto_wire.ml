(* Requests and answers over a socket of our own, which nothing that Coq prints or reads can touch.

   A request is a line `OPERATION NUMBER LIMIT LENGTH LENGTH ...` and that many fields of bytes; LIMIT is how large its
   answer may be. An answer is a line `TOKEN NUMBER CPU LENGTH` and as many bytes of JSON: only who knows the token, which
   is given at the start, can write one. CPU is what the process has used so far, in microseconds. *)

module Json = Palmetto_json

type t = { descriptor : Unix.file_descr; input : in_channel; token : string }
type request = { operation : string; number : string; limit : int; fields : string list }

exception Unreadable

(* A socket's path has 107 bytes at the most: that of the folder may be longer. *)
let connect path token =
  let descriptor = Unix.socket ~cloexec:true Unix.PF_UNIX Unix.SOCK_STREAM 0 in
  let here = Sys.getcwd () in
  Sys.chdir (Filename.dirname path);
  Fun.protect
    ~finally:(fun () -> Sys.chdir here)
    (fun () -> Unix.connect descriptor (Unix.ADDR_UNIX (Filename.basename path)));
  { descriptor; input = Unix.in_channel_of_descr descriptor; token }

let close wire = close_in_noerr wire.input

(* Raises End_of_file where the other end is closed. *)
let request wire =
  match String.split_on_char ' ' (input_line wire.input) with
  | operation :: number :: limit :: lengths ->
      let whole text = match int_of_string_opt text with Some n when n >= 0 -> n | _ -> raise Unreadable in
      let limit = whole limit in
      let fields = List.map (fun length -> really_input_string wire.input (whole length)) lengths in
      { operation; number; limit; fields }
  | _ -> raise Unreadable

let rec write_all descriptor text at =
  if at < String.length text then
    match Unix.write_substring descriptor text at (String.length text - at) with
    | written -> write_all descriptor text (at + written)
    | exception Unix.Unix_error (Unix.EINTR, _, _) -> write_all descriptor text at

let answer wire number value =
  let text = Json.to_string value in
  let { Unix.tms_utime; tms_stime; _ } = Unix.times () in
  let cpu_us = int_of_float (1e6 *. (tms_utime +. tms_stime)) in
  write_all wire.descriptor (Printf.sprintf "%s %s %d %d\n%s" wire.token number cpu_us (String.length text) text) 0
