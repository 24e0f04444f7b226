"""Evaluates models on Coq projects: runs, stores, verifies and compares experiments."""
