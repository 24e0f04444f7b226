(* CoqHammer starts provers. In a fork the standard output would be closed in them, which they do not
   survive; the standard input stays closed, lest one reads what is meant for Coq. Each process needs a folder
   of its own, because CoqHammer deletes all that its like left. *)
let allow_programs () =
  List.iter
    (fun descriptor -> try Unix.clear_close_on_exec descriptor with Unix.Unix_error _ -> ())
    [ Unix.stdout; Unix.stderr ];
  let folder = Filename.concat "/tmp" (string_of_int (Unix.getpid ())) in
  (try Unix.mkdir folder 0o700 with Unix.Unix_error _ -> ());
  Unix.putenv "TMPDIR" folder;
  Filename.set_temp_dir_name folder

(* SerAPI reports the progress of every sentence, which nobody reads here and which costs as much as a
   small proof. Its listeners are replaced by one that passes on only what Coq prints for the user, in
   SerAPI's own form. A fork has a new listener, and needs this again. *)
let quiet () =
  allow_programs ();
  let wide = Buffer.create 256 in
  let formatter = Format.formatter_of_buffer wide in
  Format.pp_set_margin formatter 100_000;
  let print level message =
    Buffer.clear wide;
    Pp.pp_with formatter message;
    Format.pp_print_flush formatter ();
    let line =
      Printf.sprintf
        "(Feedback((doc_id 0)(span_id 0)(route 0)(contents(Message(level %s)(loc())(pp())(str%S)))))\n" level
        (Buffer.contents wide)
    in
    (* In a fork SerAPI's output has descriptor 1, but OCaml's own channel on it is closed. *)
    let rec write at =
      if at < String.length line then
        write (at + Unix.write_substring Unix.stdout line at (String.length line - at))
    in
    write 0
  in
  for listener = 0 to 63 do
    Feedback.del_feeder listener
  done;
  ignore
    (Feedback.add_feeder (fun feedback ->
         match Palmetto_compat.message feedback.Feedback.contents with
         | _ when !Palmetto_run.mute -> ()
         | Some (Feedback.Notice, message) -> print "Notice" message
         | Some (Feedback.Warning, message) -> print "Warning" message
         | Some (Feedback.Info, message) when !Palmetto_run.talkative -> print "Notice" message
         | _ -> ()))
