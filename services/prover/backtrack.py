"""Backtracking: a hole that cannot be filled moves up to the goal before it, whose tactic is undone, up to the root."""

from prover.context import Context
from prover.events import Backtracked
from prover.portfolio import Effort, Filler
from prover.script import Node


async def backtrack(context: Context, filler: Filler, root: Node, effort: Effort) -> bool:
    """Closes the holes of a tree, giving up what was built where that does not help; whether the tree is done.

    The tree keeps what is closed. Each goal is tried once with an effort, wherever it comes up.

    Raises:
        BudgetSpentError, CoqProblemError: as `Coq.run`.
    """
    while True:
        hole = next(root.holes(), None)
        if hole is None:
            return True
        at: Node | None = hole
        while at is not None:
            if at.tactic:
                undone = at.tactic
                at.undo()
                context.emit(Backtracked(context.now_s, at.number, undone))
            if await filler.fill(at, effort):
                break
            at = at.parent
        if at is None:
            return False
