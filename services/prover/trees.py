"""The proofs that are begun: which there are, which of them is worth more work, and whether one is done."""

import itertools
from dataclasses import dataclass

from coq_checker.client import Goal
from prover.context import Context
from prover.final import Accepted, accept
from prover.portfolio import Filler
from prover.runner import Runner
from prover.script import Node, script

# Begun proofs that are worked on further.
_MOST = 10


class Done(Exception):
    """A proof was accepted."""

    def __init__(self, proof: Accepted, how: str) -> None:
        self.proof = proof
        self.how = how


@dataclass(slots=True)
class Tree:
    """A begun proof and what works on it."""

    root: Node
    runner: Runner
    filler: Filler

    @property
    def open(self) -> int:
        """How many holes it has."""
        return sum(1 for _ in self.root.holes())


class Trees:
    """The begun proofs of one theorem."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept: list[Tree] = []
        self._numbers = itertools.count()
        self._best: tuple[int, int, str] | None = None

    def new(self, goal: Goal | None, how: str = "model", *, keep: bool = False) -> Tree:
        """An empty one; `how` is the word for what stands in its proposal."""
        runner = Runner(self._context, next(self._numbers), how=how)
        tree = Tree(Node(goal), runner, Filler(self._context, runner))
        if keep:
            self.keep(tree)
        return tree

    def keep(self, tree: Tree) -> None:
        """Has it worked on further."""
        self._kept.append(tree)

    def ranked(self) -> list[Tree]:
        """What was begun: few holes first, and where some goals are closed already before where none is."""

        def key(tree: Tree) -> float:
            closed = any(not node.is_hole and not node.children for node in tree.root.nodes())
            return tree.open - 0.5 * closed

        # What is done and yet here was refused.
        return sorted((one for one in self._kept if one.root.tactic and not one.root.done), key=key)[:_MOST]

    def note(self, tree: Tree) -> None:
        """Keeps its text if it is the best so far: backtracking takes away what was built."""
        root = tree.root
        if not root.tactic or root.done:
            return
        found = (tree.open, -sum(1 for _ in root.nodes()), script(root, ending="Admitted."))
        if self._best is None or found < self._best:
            self._best = found

    def best_partial(self) -> tuple[str, int]:
        """The unfinished proof with the fewest holes and the most done, and how many holes it has."""
        for tree in self._kept:
            self.note(tree)
        return (self._best[2], self._best[0]) if self._best is not None else ("", 0)

    async def finish(self, tree: Tree) -> None:
        """Has a finished one checked.

        Raises:
            Done: it is accepted.
        """
        if not tree.root.done:
            return
        accepted = await accept(self._context, script(tree.root))
        if accepted is not None:
            how = dict.fromkeys(node.how for node in tree.root.nodes() if node.how)
            raise Done(accepted, "+".join(how))
        # One of these is wrong in a way that its goal did not show: none is taken for granted again.
        for node in tree.root.nodes():
            self._context.solved.pop(node.text, None)
