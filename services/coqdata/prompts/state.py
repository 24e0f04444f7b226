"""A proof state as a prompt shows it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

# Coq breaks long terms over lines; a prompt has one line for each.
_BREAK = re.compile(r"[ \t]*[\r\n][ \t\r\n]*")


class PrintedHypothesis(Protocol):
    """A hypothesis as a service's client gives it: names that share a body and a type."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its names."""

    @property
    def body(self) -> str | None:
        """The body of a local definition."""

    @property
    def type(self) -> str:
        """Its type."""


class PrintedGoal(Protocol):
    """A goal as a service's client gives it."""

    @property
    def hypotheses(self) -> Sequence[PrintedHypothesis]:
        """In Coq's own order."""

    @property
    def conclusion(self) -> str:
        """What is to be proved."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One hypothesis: its name, its type, and the body of a local definition."""

    name: str
    type: str
    body: str | None = None


@dataclass(frozen=True, slots=True)
class ProofState:
    """Hypotheses, oldest first, and the goal."""

    hypotheses: tuple[Hypothesis, ...]
    goal: str

    @classmethod
    def of(cls, goal: PrintedGoal) -> "ProofState":
        """The state of a printed goal: names that share a type each get a line of their own."""
        return cls(
            tuple(
                Hypothesis(name, one_line(shared.type), None if shared.body is None else one_line(shared.body))
                for shared in goal.hypotheses
                for name in shared.names
            ),
            one_line(goal.conclusion),
        )


@dataclass(frozen=True, slots=True)
class Known:
    """A premise or a definition: its name as it can be written there, and its statement."""

    name: str
    statement: str


@dataclass(frozen=True, slots=True)
class KnownProof:
    """The proof of a similar theorem: its statement (a whole sentence) and its proof."""

    statement: str
    proof: str


@dataclass(frozen=True, slots=True)
class Context:
    """What may help, best first in each kind."""

    definitions: tuple[Known, ...] = ()
    premises: tuple[Known, ...] = ()
    similar: tuple[KnownProof, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a conversation; `role` is `system`, `user` or `assistant`."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered prompt.

    Attributes:
        messages: the conversation.
        tokens: how many tokens it has, as far as the counter tells.
        left_out: how many definitions, premises and proofs had no room.
    """

    messages: tuple[Message, ...]
    tokens: int
    left_out: int = field(default=0)


def one_line(text: str) -> str:
    """The text on one line: a line break and the blanks around it become one blank."""
    return _BREAK.sub(" ", text.strip())
