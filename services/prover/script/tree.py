"""A proof as a tree: each goal is a node with the tactic that was tried on it.

A node without a tactic is a hole. The text that leads to a node holds only the tactics on its path: the goals beside
the path are left where they are, and the node's goal is brought into focus by `N: {`. So a hole can be worked on
whatever happens elsewhere, and nothing is ever admitted. Only goals that share existential variables are taken in
order.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from coq_checker.client import Goal

_EVAR = re.compile(r"(?<![\w'@?])\?[A-Za-z_][\w']*")
_SPACES = re.compile(r"\s+")
_NUMBERS = itertools.count(1)


def goal_text(goal: Goal) -> str:
    """A goal as one line, the same for equal goals."""
    lines = []
    for one in goal.hypotheses:
        body = f" := {one.body}" if one.body is not None else ""
        lines.append(f"{','.join(one.names)}{body}:{one.type}")
    return _SPACES.sub(" ", f"{'; '.join(lines)} |- {goal.conclusion}")


def has_evars(goal: Goal) -> bool:
    """Whether it mentions existential variables."""
    if _EVAR.search(goal.conclusion):
        return True
    return any(_EVAR.search(one.type) or (one.body and _EVAR.search(one.body)) for one in goal.hypotheses)


class Branch(NamedTuple):
    """What was done to a goal; the attributes are those of `Node`."""

    tactic: str
    how: str
    cost_s: float
    children: "list[Node]"
    linked: bool


@dataclass(slots=True, eq=False)
class Node:
    """A goal, what was done to it, and the goals that this left.

    Attributes:
        goal: None where Coq did not print it.
        parent: the goal before; None for the root.
        tactic: the sentence used on it; empty for a hole.
        how: what found the tactic (`model`, `repaired`, `cheap`, `sauto`, `hammer`, `search`).
        needs_hammer: the tactic is one of CoqHammer's.
        cost_s: CPU seconds that the tactic took.
        children: the goals that it left.
        linked: the children share existential variables, so that they are done in order.
        number: for the reader of events.
    """

    goal: Goal | None
    parent: "Node | None" = None
    tactic: str = ""
    how: str = ""
    cost_s: float = 0.0
    children: list["Node"] = field(default_factory=list)
    linked: bool = False
    number: int = 0

    def __post_init__(self) -> None:
        self.number = next(_NUMBERS)

    @property
    def is_hole(self) -> bool:
        """Nothing was done to it."""
        return not self.tactic

    @property
    def attached(self) -> bool:
        """Whether it still stands in its tree: goals that share variables are replaced when another one is closed."""
        at = self
        while at.parent is not None:
            if not any(child is at for child in at.parent.children):
                return False
            at = at.parent
        return True

    @property
    def depends(self) -> bool:
        """Whether what is done to other goals may change it: it, or one above it, shares existential variables."""
        at = self.parent
        while at is not None:
            if at.linked:
                return True
            at = at.parent
        return False

    @property
    def done(self) -> bool:
        """No hole is left in it."""
        return bool(self.tactic) and all(child.done for child in self.children)

    @property
    def text(self) -> str:
        """The goal as one line; empty where it is not known."""
        return goal_text(self.goal) if self.goal is not None else ""

    def apply(self, tactic: str, how: str, goals: tuple[Goal, ...], count: int, cost_s: float) -> None:
        """Uses a tactic on it, which left `count` goals, of which `goals` are known."""
        self.tactic, self.how, self.cost_s = tactic, how, cost_s
        shown: list[Goal | None] = [*goals[:count], *([None] * (count - len(goals)))]
        self.children = [Node(goal, self) for goal in shown]
        self.linked = count > 1 and any(goal is not None and has_evars(goal) for goal in goals)

    def branch(self) -> Branch:
        """What was done to it."""
        return Branch(self.tactic, self.how, self.cost_s, self.children, self.linked)

    def restore(self, branch: Branch) -> None:
        """Has it be as it was when it said what was done to it; what is below is as it is."""
        self.tactic, self.how, self.cost_s, self.children, self.linked = branch

    def undo(self) -> None:
        """Makes it a hole again."""
        self.tactic, self.how, self.cost_s, self.children, self.linked = "", "", 0.0, [], False

    def holes(self) -> Iterator["Node"]:
        """Its holes, in order."""
        if self.is_hole:
            yield self
        for child in self.children:
            yield from child.holes()

    def nodes(self) -> Iterator["Node"]:
        """It and everything below."""
        yield self
        for child in self.children:
            yield from child.nodes()

    def path(self) -> list["Node"]:
        """From the root to it."""
        found: list[Node] = []
        at: Node | None = self
        while at is not None:
            found.append(at)
            at = at.parent
        return found[::-1]

    @property
    def path_cost_s(self) -> float:
        """CPU seconds that it takes to get to it from the statement."""
        return sum(node.cost_s for node in self.path()[:-1])


def text_to(node: Node) -> str:
    """The beginning of a proof that leads to the node's goal, alone in focus."""
    parts: list[str] = []
    path = node.path()
    for above, below in itertools.pairwise(path):
        parts.append(above.tactic)
        if len(above.children) == 1:
            continue
        place = above.children.index(below)
        if above.linked:
            closed = [child for child in above.children[:place] if child.done]
            parts += [f"{{ {text_of(child)} }}" for child in closed]
            place -= len(closed)
        parts.append("{" if place == 0 else f"{place + 1}: {{")
    return " ".join(parts)


def text_of(node: Node) -> str:
    """A finished node's tactics on one line, sub-goals in braces."""
    if len(node.children) <= 1:
        return " ".join([node.tactic, *(text_of(child) for child in node.children)])
    return " ".join([node.tactic, *(f"{{ {text_of(child)} }}" for child in node.children)])
