Theorem goal : exists f : unit -> Set, f = f.
