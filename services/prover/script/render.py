"""The text of a proof tree, as people write it: one sentence a line, sub-goals under bullets."""

import re

from prover.script.tree import Node

_MARKS = "-+*"
_WIDTH = 2


def bullet(level: int) -> str:
    """The bullet of a level from 0: `-`, `+`, `*`, `--`, `++`, ..."""
    return _MARKS[level % len(_MARKS)] * (level // len(_MARKS) + 1)


def render(node: Node, hole: str = "admit.") -> str:
    """The proof's body; `hole` stands where one is left."""
    return "\n".join(_lines(node, 0, hole))


def script(node: Node, hole: str = "admit.", ending: str = "Qed.") -> str:
    """The whole proof, from `Proof.` to its ending."""
    return "\n".join(["Proof.", *("  " + line for line in _lines(node, 0, hole)), ending])


def _sentence(text: str) -> str:
    # A sentence over several lines would lose its indentation, so that it is made one. Comments and strings stay.
    return text if '"' in text or "(*" in text else re.sub(r"\s*\n\s*", " ", text)


def _lines(node: Node, level: int, hole: str) -> list[str]:
    lines: list[str] = []
    while True:
        if node.is_hole:
            return [*lines, hole]
        lines.append(_sentence(node.tactic))
        if len(node.children) != 1:
            break
        node = node.children[0]
    mark = bullet(level)
    for child in node.children:
        first, *rest = _lines(child, level + 1, hole)
        lines.append(f"{mark} {first}")
        lines += [" " * (len(mark) + 1) + line for line in rest]
    return lines
