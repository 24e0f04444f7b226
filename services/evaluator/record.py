"""What is kept of one theorem of an experiment."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple


class StageCost(NamedTuple):
    """What one stage of the prover's work cost: CPU seconds of Coq and its provers, and wall clock."""

    name: str
    cpu_s: float
    wall_s: float


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Which theorem a record is about; `index` tells theorems of one name in one file apart."""

    project: str
    file: str
    theorem: str
    index: int


@dataclass(frozen=True, slots=True)
class Record:
    """The outcome of one theorem.

    Attributes:
        theorem: qualified name inside its file.
        kind: `Lemma`, `Theorem`, ...
        verdict: PROVED, NOT_PROVED, TIMEOUT or ERROR.
        prelude: `Require` sentences that the script needs before the theorem.
        features: parts of Coq's kernel that the proof uses beyond its plain core (docs/strict-guard.md).
        known_bugs: public reports of soundness bugs of this Coq that touch them.
        how: what found the proof.
        cause: class of the reason why there is no proof; empty when proved.
        partial: best unfinished proof; `holes`: its open goals.
        cpu_s: CPU seconds of Coq and of the provers that it starts.
        stages: the same by stage of the work.
        model_answers: full texts, in the order they came.
        events: the prover's events; empty where they were not read from the store.
        started_at: ISO 8601, UTC.
        shard: `i/n`.
    """

    experiment: str
    project: str
    file: str
    theorem: str
    index: int
    verdict: str
    kind: str = ""
    statement: str = ""
    script: str = ""
    prelude: str = ""
    axioms: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    known_bugs: tuple[str, ...] = ()
    how: str = ""
    message: str = ""
    cause: str = ""
    partial: str = ""
    holes: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    stages: tuple[StageCost, ...] = ()
    model: str = ""
    model_answers: tuple[str, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt: str = ""
    printing: str = ""
    budget_cpu_s: float = 0.0
    seed: int = 0
    samples: int = 0
    backtrack: bool = True
    retrieval: bool = True
    coq_version: str = ""
    palmetto_version: str = ""
    started_at: str = ""
    shard: str = "0/1"
    events: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    @property
    def key(self) -> Key:
        """The theorem."""
        return Key(self.project, self.file, self.theorem, self.index)

    @property
    def proved(self) -> bool:
        """The checker accepted a proof."""
        return self.verdict == "PROVED"
