"""The OCaml of the native engine, and its compilation; `palmetto_serve.ml` is where it begins."""
