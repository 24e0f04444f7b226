"""Goals as values."""

from collections.abc import Sequence
from dataclasses import dataclass

# More goals than this are counted, not printed.
MAX_GOALS = 32


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A hypothesis, or several of one type that Coq shows together; `body` for local definitions."""

    names: tuple[str, ...]
    body: str | None
    type: str


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal: hypotheses in Coq's own order, oldest first, and the conclusion."""

    hypotheses: tuple[Hypothesis, ...]
    conclusion: str
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Goals:
    """The goals in focus, as far as they are printed, and how many there are: in focus, out of focus, on the shelf."""

    goals: tuple[Goal, ...]
    count: int
    unfocused: int = 0
    shelved: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.count + self.unfocused + self.shelved


def cut(goals: Sequence[Goal], limit_bytes: int) -> tuple[Goal, ...]:
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
            size = sum(map(len, hypothesis.names)) + len(hypothesis.body or "") + len(hypothesis.type)
            if size > left:
                truncated = True
                continue
            left -= size
            hypotheses.append(hypothesis)
        kept.append(Goal(tuple(hypotheses), conclusion, truncated))
        if left <= 0:
            break
    return tuple(kept)
