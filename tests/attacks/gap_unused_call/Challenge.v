Theorem goal : exists f : unit -> nat, f tt = 0.
