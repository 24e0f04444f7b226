"""The Coq checker: pooled SerAPI sessions behind gRPC, with a verdict that a candidate cannot forge."""
