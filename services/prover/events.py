"""What the prover says as it works: every step is one event, and the last one is `Finished`.

The command line, the HTTP stream, the logs and the evaluation read these same events.
"""

from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, ClassVar

from coq_checker.client import Goal
from prover.codes import ErrorCode


class ProofVerdict(Enum):
    """What came out of the work on a theorem."""

    PROVED = "PROVED"
    """The checker accepted the whole script from scratch."""

    NOT_PROVED = "NOT_PROVED"
    """Everything was tried."""

    TIMEOUT = "TIMEOUT"
    """The budget was spent."""

    ERROR = "ERROR"
    """It could not be worked on; the message says why."""


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return round(value, 4)
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value


@dataclass(frozen=True, slots=True)
class _Base:
    """What all events have.

    Attributes:
        at_s: wall-clock seconds since the work began.
    """

    kind: ClassVar[str] = ""
    at_s: float

    def to_json(self) -> dict[str, Any]:
        """As plain values, with its `kind`."""
        found: dict[str, Any] = {"kind": self.kind}
        for one in fields(self):
            found[one.name] = _plain(getattr(self, one.name))
        return found


@dataclass(frozen=True, slots=True)
class Started(_Base):
    """The statement runs; these are its goals."""

    kind: ClassVar[str] = "started"
    statement: str
    goals: tuple[Goal, ...]


@dataclass(frozen=True, slots=True)
class Retrieved(_Base):
    """Premises for the statement, best first; `message` where the retriever gave none."""

    kind: ClassVar[str] = "retrieved"
    premises: tuple[str, ...]
    message: str = ""


@dataclass(frozen=True, slots=True)
class Stage(_Base):
    """A stage of the work begins.

    Attributes:
        name: its name; the same one may come again.
        cpu_s: CPU seconds of Coq spent so far.
        budget_cpu_s: those that may be spent.
    """

    kind: ClassVar[str] = "stage"
    name: str
    cpu_s: float
    budget_cpu_s: float


@dataclass(frozen=True, slots=True)
class Generated(_Base):
    """An answer of the model, or of the nearest neighbours that are asked after it.

    Attributes:
        sample: its number, from 0.
        answer: as it came (cut where it is long).
        script: what is run of it; empty where it holds no proof.
        score: the model's, higher is better.
        message: why there is no script.
        source: `model` or `neighbours`.
    """

    kind: ClassVar[str] = "generated"
    sample: int
    answer: str
    script: str
    score: float
    message: str = ""
    source: str = "model"


@dataclass(frozen=True, slots=True)
class Ran(_Base):
    """A sentence was run on a goal.

    Attributes:
        attempt: the number of the proof that it belongs to.
        node: the number of the goal.
        ok: it went through.
        goals: how many goals it left of the goal.
        message: Coq's, where it failed.
    """

    kind: ClassVar[str] = "ran"
    attempt: int
    node: int
    sentence: str
    ok: bool
    goals: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class Repaired(_Base):
    """A failing sentence was replaced by one that goes through."""

    kind: ClassVar[str] = "repaired"
    attempt: int
    node: int
    error_class: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Subgoal:
    """A goal with its number; the goal is None where Coq did not print it."""

    node: int
    goal: Goal | None


@dataclass(frozen=True, slots=True)
class Applied(_Base):
    """A sentence stands in a proof's tree now.

    Attributes:
        attempt: the number of the proof.
        node: the number of the goal that it was used on; the root of the tree where no event before named it.
        how: what found it.
        children: the goals that it left. The same node may come again with others: these take their place.
    """

    kind: ClassVar[str] = "applied"
    attempt: int
    node: int
    tactic: str
    how: str
    children: tuple[Subgoal, ...]


@dataclass(frozen=True, slots=True)
class Undone(_Base):
    """A search has taken back what stood on a goal, and what was below it."""

    kind: ClassVar[str] = "undone"
    attempt: int
    node: int


@dataclass(frozen=True, slots=True)
class Hole(_Base):
    """A goal that the proof so far leaves open."""

    kind: ClassVar[str] = "hole"
    id: int
    goal: Goal | None


@dataclass(frozen=True, slots=True)
class Filled(_Base):
    """A hole was closed; `how` names what found the tactic."""

    kind: ClassVar[str] = "filled"
    id: int
    tactic: str
    how: str


@dataclass(frozen=True, slots=True)
class Failed(_Base):
    """A hole could not be closed with the effort made so far."""

    kind: ClassVar[str] = "failed"
    id: int


@dataclass(frozen=True, slots=True)
class Backtracked(_Base):
    """A tactic was undone; the goal that it was used on is the hole now."""

    kind: ClassVar[str] = "backtracked"
    node: int
    tactic: str


@dataclass(frozen=True, slots=True)
class Candidate(_Base):
    """A whole proof, given to the checker from scratch."""

    kind: ClassVar[str] = "candidate"
    script: str


@dataclass(frozen=True, slots=True)
class StageCost:
    """What a stage of the work took: CPU seconds of Coq with its provers, and wall clock (the model's included)."""

    name: str
    cpu_s: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class Finished(_Base):
    """The end.

    Attributes:
        script: the proof, `Proof.` and `Qed.` included; empty if there is none.
        prelude: `Require` sentences that the script needs before the theorem; mostly empty.
        axioms: what the proof rests on.
        features: parts of Coq's kernel that its own terms use beyond the plain core (docs/strict-guard.md).
        known_bugs: public reports of soundness bugs of this Coq that touch them.
        how: what found it: `cheap`, `model`, `repaired`, `search`, `sauto`, `hammer`, joined by `+`; `draft` where
            what stood in a file that is filled was a proof already.
        cpu_s: CPU seconds of Coq spent.
        wall_s: wall clock.
        remembered_cpu_s: how much of `cpu_s` was spent earlier, on answers that were remembered (`prover.memory`).
        stages: the same, stage by stage.
        model: the model's name, where one answered.
        model_answers: how many answers of the model were used.
        prompt_tokens, completion_tokens: of all questions to the model, as its server counts them.
        coq_version: of the Coq that judged, such as `8.20.1`; empty where none did.
        toolchain: its name.
        message: why there is no proof.
        code: the kind of an ERROR.
        partial: the best unfinished proof, `admit.` where its holes are; empty if there is none.
        holes: how many holes it has.
    """

    kind: ClassVar[str] = "finished"
    verdict: ProofVerdict
    script: str = ""
    prelude: str = ""
    axioms: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    known_bugs: tuple[str, ...] = ()
    how: str = ""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    remembered_cpu_s: float = 0.0
    stages: tuple[StageCost, ...] = ()
    model: str = ""
    model_answers: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    coq_version: str = ""
    toolchain: str = ""
    message: str = ""
    code: ErrorCode = ErrorCode.NONE
    partial: str = ""
    holes: int = 0


Event = (
    Started
    | Stage
    | Retrieved
    | Generated
    | Ran
    | Repaired
    | Applied
    | Undone
    | Hole
    | Filled
    | Failed
    | Backtracked
    | Candidate
    | Finished
)
