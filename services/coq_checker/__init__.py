"""The Coq checker: pooled Coq processes behind gRPC, with a verdict that a candidate cannot forge."""
