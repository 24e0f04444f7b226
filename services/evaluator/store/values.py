"""What the store keeps beside the records."""

from dataclasses import dataclass
from enum import Enum

from evaluator.errors import EvaluatorError
from evaluator.record import Key


class StoreError(EvaluatorError):
    """The store cannot do what is asked; the text is one sentence with the remedy."""


class OtherSettingsError(StoreError):
    """What has the experiment's name was made with other settings, or of another content."""


class UnusableError(StoreError):
    """What lies there is of another kind, damaged, or of another version."""


class PassingError(StoreError):
    """The place does not answer, or is full: another try may pass."""


@dataclass(frozen=True, slots=True)
class Overview:
    """An experiment in a line: what it is of, and how many theorems have a record, and how many of them are proved."""

    name: str
    model: str
    created_at: str
    projects: tuple[str, ...]
    theorems: int
    proved: int


@dataclass(frozen=True, slots=True)
class Run:
    """One start of an experiment, or of a shard of it.

    Attributes:
        id: names it among all runs of all machines.
        shard: `i/n`.
        started_at: ISO 8601, UTC.
        ended: it came to its end.
        redo: it worked on theorems that were done (`--no-skip`).
        orchestration_cpu_s: CPU seconds outside Coq, the provers that it starts, and the model; None: not measured.
        wall_s: how long it ran so far.
    """

    id: str
    shard: str
    started_at: str
    ended: bool = False
    redo: bool = False
    orchestration_cpu_s: float | None = None
    wall_s: float = 0.0


class Outcome(Enum):
    """What coqc said of a claimed proof."""

    AGREES = "agrees"
    """The file compiles with it, all that comes after it included."""

    ALONE = "alone"
    """It is accepted in its place, but what follows counts on how the original was made, or on which section variables
    it used; or the file does not compile with its own proofs either."""

    REFUSED = "refused"
    """It is not accepted, or what follows does not compile with it."""

    UNKNOWN = "unknown"
    """It could not be looked at: the theorem is gone, or what its file requires does not build."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What coqc said of a claimed proof in its own file.

    Attributes:
        script: the proof, so that one that changed since is known not to be verified.
        outcome: what it said.
        message: why, where it does not simply agree.
        at: when, ISO 8601, UTC.
    """

    key: Key
    script: str
    outcome: Outcome
    message: str = ""
    at: str = ""

    @property
    def agrees(self) -> bool:
        """coqc accepted it, and all of the file after it."""
        return self.outcome is Outcome.AGREES
