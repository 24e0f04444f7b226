"""Coq sessions: an interface (`api`) and its implementation over SerAPI.

Nothing outside this package knows an S-expression.
"""
