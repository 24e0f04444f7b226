"""Goals as values."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

# More goals than this are counted, not printed.
MAX_GOALS = 32


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A hypothesis, or several of one type that Coq shows together; `body` for local definitions."""

    names: tuple[str, ...]
    body: str | None
    type: str


@dataclass(frozen=True, slots=True)
class Existential:
    """An existential variable that is not instantiated: its name as Coq shows it (`?x`), and its type."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal as Coq shows it. Two are equal where Coq shows the same.

    Attributes:
        hypotheses: in Coq's own order, oldest first.
        conclusion: what is to be proved.
        truncated: something was cut to a limit.
        name: of the existential variable that the goal is, such as `?Goal`; Coq may give another one after a tactic.
        existentials: the existential variables in hypotheses and conclusion, the oldest first, those in implicit
            arguments too.
    """

    hypotheses: tuple[Hypothesis, ...]
    conclusion: str
    truncated: bool = False
    name: str = field(default="", compare=False)
    existentials: tuple[Existential, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Goals:
    """The goals of a proof: how many there are, and some of them in full.

    Attributes:
        goals: in focus, the first of them.
        count: in focus.
        unfocused: behind bullets and braces.
        shelved: on the shelf: existential variables that other goals are to instantiate, and what `shelve` put there.
        given_up_count: given up with `admit`.
        shelf: on the shelf, the oldest first.
        given_up: given up, the oldest first.
    """

    goals: tuple[Goal, ...]
    count: int
    unfocused: int = 0
    shelved: int = 0
    given_up_count: int = 0
    shelf: tuple[Goal, ...] = ()
    given_up: tuple[Goal, ...] = ()

    @property
    def total(self) -> int:
        """All that are to be proved: in focus, out of focus and on the shelf."""
        return self.count + self.unfocused + self.shelved

    def cut(self, limit_bytes: int) -> "Goals":
        """The same, cut where the text passes the limit: goals in focus go first, then the shelf."""
        parts = []
        for part in (self.goals, self.shelf, self.given_up):
            parts.append(_cut(part, limit_bytes) if limit_bytes > 0 else ())
            limit_bytes -= sum(map(_size, parts[-1]))
        goals, shelf, given_up = parts
        return replace(self, goals=goals, shelf=shelf, given_up=given_up)


def _cut(goals: Sequence[Goal], limit_bytes: int) -> tuple[Goal, ...]:
    """The goals, cut where their text passes the limit: what is cut is marked, never silently lost."""
    left = limit_bytes
    kept: list[Goal] = []
    for goal in goals:
        hypotheses: list[Hypothesis] = []
        truncated = goal.truncated
        conclusion = goal.conclusion
        # The conclusion goes first: a goal without it is worth nothing.
        if len(conclusion) > left:
            conclusion, truncated = conclusion[: max(0, left)] + " ...", True
        left -= len(conclusion)
        for hypothesis in goal.hypotheses:
            size = _hypothesis_size(hypothesis)
            if size > left:
                truncated = True
                continue
            left -= size
            hypotheses.append(hypothesis)
        existentials: list[Existential] = []
        for existential in goal.existentials:
            size = len(existential.name) + len(existential.type)
            if size > left:
                truncated = True
                continue
            left -= size
            existentials.append(existential)
        kept.append(Goal(tuple(hypotheses), conclusion, truncated, goal.name, tuple(existentials)))
        if left <= 0:
            break
    return tuple(kept)


def _hypothesis_size(one: Hypothesis) -> int:
    return sum(map(len, one.names)) + len(one.body or "") + len(one.type)


def _size(goal: Goal) -> int:
    """Characters of its text."""
    existentials = sum(len(one.name) + len(one.type) for one in goal.existentials)
    return len(goal.conclusion) + sum(map(_hypothesis_size, goal.hypotheses)) + existentials
