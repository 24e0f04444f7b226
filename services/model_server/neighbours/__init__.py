"""Proofs and tactics from similar goals, adapted to the names at hand."""
