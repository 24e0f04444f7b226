"""A small OCaml plugin for Coq that remembers what constants rest on; see `palmetto_audit.ml`."""
