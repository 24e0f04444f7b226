"""What differs between Coq's releases, in OCaml: one module for each, of which a plugin has the one it is built for."""
