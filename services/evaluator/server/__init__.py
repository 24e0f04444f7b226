"""Experiments for a browser: a list, and the report of some of them."""

from evaluator.server.app import add_experiments

__all__ = ["add_experiments"]
