"""Questions and answers as values; the client's and the server's words."""

from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """What is asked for."""

    PREMISE = "premise"
    """Theorems, axioms, constructors and the like: what a proof may apply."""
    DEFINITION = "definition"
    """Definitions and inductive types that the goal names."""
    PROOF = "proof"
    """Whole proofs of similar theorems."""
    TACTIC = "tactic"
    """Tactics that were used on similar goals."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A hypothesis of a goal: names that share a body and a type."""

    names: tuple[str, ...]
    type: str
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a project: only what is accessible there is answered.

    Attributes:
        project: its name; empty for free text on installed libraries alone.
        file: path inside the project; empty for free text, with `requires` alone.
        byte: offset in the file.
        requires: logical names of the libraries that free text requires; `Coq.List` finds `Coq.Lists.List`.
    """

    project: str = ""
    file: str = ""
    byte: int = 0
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A goal for which help is asked.

    Attributes:
        goal: its conclusion, as Coq prints it.
        hypotheses: in Coq's own order.
        position: where it stands.
        kinds: what is asked for.
        k: how many of each kind, 1 to 1000; 0: 30.
    """

    goal: str
    hypotheses: tuple[Hypothesis, ...] = ()
    position: Position = field(default_factory=Position)
    kinds: tuple[Kind, ...] = (Kind.PREMISE,)
    k: int = 30


@dataclass(frozen=True, slots=True)
class Premise:
    """A premise or definition.

    Attributes:
        name: fully qualified.
        short_name: the shortest name that Coq reads there, as far as the index tells.
        kind: Coq's word: `Lemma`, `Definition`, ...
        statement: as Coq prints its type, or as it stands in the source.
        project: project or library that it is of.
        file: path inside it.
        start: byte offset there.
        score: higher is better; comparable within one answer.
    """

    name: str
    short_name: str
    kind: str
    statement: str
    project: str
    file: str
    start: int
    score: float


@dataclass(frozen=True, slots=True)
class SimilarProof:
    """The proof of a similar theorem: its name, statement and text, where it stands, and how similar it is."""

    theorem: str
    statement: str
    proof: str
    project: str
    file: str
    score: float


@dataclass(frozen=True, slots=True)
class SimilarStep:
    """A tactic that was used on a similar goal.

    Attributes:
        tactic: the sentence as it stands in the source.
        goal, hypotheses: what it was used on.
        theorem: in whose proof it stands.
        rest: the rest of that proof, from the tactic on.
        score: how similar the goal is.
    """

    tactic: str
    goal: str
    hypotheses: tuple[Hypothesis, ...]
    theorem: str
    rest: str
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, best first; a kind that was not asked for is empty.

    Attributes:
        missing_libraries: required by the position, and in no index: the answer is made without them.
    """

    premises: tuple[Premise, ...] = ()
    definitions: tuple[Premise, ...] = ()
    proofs: tuple[SimilarProof, ...] = ()
    steps: tuple[SimilarStep, ...] = ()
    missing_libraries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """An index: its name and how many of each it holds."""

    name: str
    files: int
    premises: int
    proofs: int
    steps: int
