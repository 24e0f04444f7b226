"""Coq engines: an interface (`api`), and what runs Coq behind it.

`native` is a server of states inside of Coq's own toplevel, `serapi` a document over SerAPI's sertop. Whoever uses an
engine knows neither.
"""
