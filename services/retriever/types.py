"""Questions and answers as values; the client's and the server's words."""

from dataclasses import dataclass, field
from enum import Enum

from coqdata.releases import prover_name, version_numbers


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
        toolchain, coq_version: what the project, or for free text the libraries, were last indexed with; empty where
            the index does not tell.
    """

    premises: tuple[Premise, ...] = ()
    definitions: tuple[Premise, ...] = ()
    proofs: tuple[SimilarProof, ...] = ()
    steps: tuple[SimilarStep, ...] = ()
    missing_libraries: tuple[str, ...] = ()
    toolchain: str = ""
    coq_version: str = ""

    def of_another(self, coq_version: str, project: str, toolchain: str) -> str:
        """One sentence where the index is of another release than the Coq that the answer is for; else empty.

        Args:
            coq_version: of that Coq, such as `9.2.0`; empty where it is not known.
            project: that the question was about; empty for free text.
            toolchain: that has that Coq.
        """
        asked, indexed = version_numbers(coq_version)[:2], version_numbers(self.coq_version)[:2]
        if not asked or not indexed or asked == indexed:
            return ""
        what = f"the index of {project!r}" if project else "the libraries' index"
        given = f" --toolchain {toolchain}" if toolchain else ""
        return (
            f"{what} was made with {prover_name(indexed)} {self.coq_version} ({self.toolchain}) and this is "
            f"{prover_name(asked)} {coq_version}, which may call things otherwise: run "
            f"`palmetto index {project or 'PROJECT'}{given}`."
        )


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """An index: its name and how many of each it holds."""

    name: str
    files: int
    premises: int
    proofs: int
    steps: int
