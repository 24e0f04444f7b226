"""Proof texts as trees, and back."""

from prover.script.parse import Block, Group, Step, goal_number, parse
from prover.script.render import render, script
from prover.script.tree import Branch, Node, goal_text, has_evars, text_of, text_to

__all__ = [
    "Block",
    "Branch",
    "Group",
    "Node",
    "Step",
    "goal_number",
    "goal_text",
    "has_evars",
    "parse",
    "render",
    "script",
    "text_of",
    "text_to",
]
