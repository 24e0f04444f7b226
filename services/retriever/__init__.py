"""Premises, definitions and similar proofs for a goal, out of an index on disk; and the client of that service."""
