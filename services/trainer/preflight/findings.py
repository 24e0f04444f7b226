"""What was looked at, and what came of it."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a thing stands: `fails` means that the training would."""

    OK = "ok"
    WARNING = "warning"
    FAILS = "fails"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: in a word or two.
        state: how it stands.
        told: a sentence; where it is not well, with the remedy.
        needed_bytes, there_bytes: where it is about room.
    """

    what: str
    state: State
    told: str
    needed_bytes: int | None = None
    there_bytes: int | None = None


def fails(what: str, told: str) -> Finding:
    """Something that the training would fail at."""
    return Finding(what, State.FAILS, told)


def room(what: str, needed_bytes: int, there_bytes: int, told: str, remedy: str, near: float = 0.9) -> Finding:
    """A comparison of two sizes.

    Args:
        what: in a word or two.
        needed_bytes, there_bytes: what is compared.
        told: what it is made of.
        remedy: added where it is not enough, or nearly not.
        near: share of what is there from which on it is a warning: what is needed is an estimate.
    """
    state = State.OK
    if needed_bytes > there_bytes:
        state = State.FAILS
    elif needed_bytes > near * there_bytes:
        state = State.WARNING
    words = f"{gigabytes(needed_bytes)} needed, {gigabytes(there_bytes)} there ({told})"
    return Finding(what, state, words if state is State.OK else f"{words}: {remedy}", needed_bytes, there_bytes)


def gigabytes(size_bytes: float) -> str:
    """A size for people."""
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e8 else f"{size_bytes / 1e6:.1f} MB"
