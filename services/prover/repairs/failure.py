"""A sentence that failed, with what a rewrite may use, and what a rewrite is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from coq_checker.client import Goal


@dataclass(frozen=True, slots=True)
class Failure:
    """A sentence that failed on a goal.

    Attributes:
        sentence: with its full stop.
        message: Coq's.
        goal: None where it is not known.
        lemmas: names that the proof has used so far, latest first.
        premises: names that the retriever gave, best first.
        hammer: CoqHammer's tactics may be used.
        lia: `lia` may be used.
    """

    sentence: str
    message: str
    goal: Goal | None
    lemmas: tuple[str, ...] = ()
    premises: tuple[str, ...] = ()
    hammer: bool = False
    lia: bool = False

    @property
    def body(self) -> str:
        """The sentence without its full stop."""
        return self.sentence.rstrip().rstrip(".").rstrip()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the goal's hypotheses, latest first."""
        if self.goal is None:
            return ()
        return tuple(name for one in reversed(self.goal.hypotheses) for name in reversed(one.names))


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A sentence to try in place of the failing one.

    Attributes:
        sentence: with its full stop; empty to leave it out.
        renames: names that the rest of the proof should say in another way.
    """

    sentence: str
    renames: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """An error class: which messages are of it, and what to try then.

    Attributes:
        name: of the class, as events tell it.
        matches: whether a failure is of it.
        rewrites: what to try, best first.
    """

    name: str
    matches: Callable[[Failure], bool]
    rewrites: Callable[[Failure], Iterator[Rewrite]]
