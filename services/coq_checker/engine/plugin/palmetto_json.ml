(* Just enough JSON to answer in. *)

type t = Null | Int of int | String of string | List of t list | Object of (string * t) list

let escape buffer text =
  let add = function
    | '"' -> Buffer.add_string buffer "\\\""
    | '\\' -> Buffer.add_string buffer "\\\\"
    | '\n' -> Buffer.add_string buffer "\\n"
    | c when Char.code c < 32 || Char.code c = 127 -> Printf.bprintf buffer "\\u%04x" (Char.code c)
    | c -> Buffer.add_char buffer c
  in
  Buffer.add_char buffer '"';
  String.iter add text;
  Buffer.add_char buffer '"'

let rec add buffer value =
  let between opening closing each values =
    Buffer.add_char buffer opening;
    List.iteri (fun i value -> if i > 0 then Buffer.add_char buffer ','; each value) values;
    Buffer.add_char buffer closing
  in
  match value with
  | Null -> Buffer.add_string buffer "null"
  | Int i -> Buffer.add_string buffer (string_of_int i)
  | String text -> escape buffer text
  | List values -> between '[' ']' (add buffer) values
  | Object fields ->
      let field (name, value) =
        escape buffer name;
        Buffer.add_char buffer ':';
        add buffer value
      in
      between '{' '}' field fields

let to_string value =
  let buffer = Buffer.create 1024 in
  add buffer value;
  Buffer.contents buffer
