"""The pool: documents that hold prepared environments, workers forked from them, and their queue."""
