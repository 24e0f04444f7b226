(* obvious *)
