"""What comes out of a check, as values: the same on the server and in the client."""

from dataclasses import dataclass, field, replace
from enum import Enum

from coq_checker.goals import Goal, Goals

# What the strict policy refuses whatever the version: a kernel without known bugs has unknown ones, and these are where
# they have been found.
UNGUARDED = frozenset(("fixpoint_not_strict", "cofixpoint_not_strict"))


class Verdict(Enum):
    """What came out; see the proto's Verdict for the meaning of each."""

    PROVED = "PROVED"
    INCOMPLETE = "INCOMPLETE"
    FAILED = "FAILED"
    REJECTED = "REJECTED"
    TIMEOUT = "TIMEOUT"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    ERROR = "ERROR"


class Reason(Enum):
    """Why, where there is more than one why; see the proto's Reason for the meaning of each."""

    NONE = ""
    FORBIDDEN_COMMAND = "forbidden_command"
    FORBIDDEN_AXIOM = "forbidden_axiom"
    STATEMENT_MISMATCH = "statement_mismatch"
    UNCLEAR_TEXT = "unclear_text"
    SYNTAX = "syntax"
    TACTIC = "tactic"
    KERNEL = "kernel"
    OPEN_GOALS = "open_goals"
    ADMITTED = "admitted"
    CPU_LIMIT = "cpu_limit"
    WALL_LIMIT = "wall_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    RECHECK = "recheck"
    INVALID_REQUEST = "invalid_request"
    ENVIRONMENT = "environment"
    WORKER_LOST = "worker_lost"
    UNAVAILABLE = "unavailable"
    UNCLOSED = "unclosed"
    CRASHED = "crashed"
    FORBIDDEN_FEATURE = "forbidden_feature"


@dataclass(frozen=True, slots=True)
class Timings:
    """Where the time of a check went, in nanoseconds; see the proto's Timings."""

    queue_ns: int = 0
    environment_ns: int = 0
    parse_ns: int = 0
    execute_ns: int = 0
    audit_ns: int = 0
    recheck_ns: int = 0
    wall_ns: int = 0
    cpu_ns: int = 0


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """What another toolchain says of a proved text.

    Attributes:
        toolchain: its name.
        coq_version: empty where it could not be used.
        accepted: coqc and coqchk of that toolchain accept the whole text.
        message: why they do not, or why that could not be found out; empty where they do.
    """

    toolchain: str
    coq_version: str = ""
    accepted: bool = False
    message: str = ""


@dataclass(frozen=True, slots=True)
class ProofResult:
    """What came out of the check of one proof; see the proto's ProofResult.

    Attributes:
        start, end: byte range of the failing sentence in the candidate (in the file, for a file's check).
        sentence_index: its index in the candidate, from 0.
        toolchain: name of the toolchain that it was checked with, whose version is `coq_version`.
        goal_count, unfocused_count, shelved_count, given_up_count: how many goals there are where it stopped.
        shelf, given_up: the goals on the shelf and those that were given up, as `goals` has those in focus.
        features: what parts of the kernel the proof's own terms use beyond its plain core (docs/strict-guard.md).
        features_known: whether the engine could look at its terms; without it `features` says nothing.
        known_bugs: public reports of soundness bugs of this Coq that touch these features.
        second_opinion: what another toolchain says, of a proved text for which that was asked.
    """

    verdict: Verdict
    reason: Reason = Reason.NONE
    message: str = ""
    sentence: str = ""
    sentence_index: int | None = None
    start: int | None = None
    end: int | None = None
    goals: tuple[Goal, ...] = ()
    axioms: tuple[str, ...] = ()
    timings: Timings = field(default_factory=Timings)
    coq_version: str = ""
    environment_id: str = ""
    goal_count: int = 0
    unfocused_count: int = 0
    messages: tuple[str, ...] = ()
    toolchain: str = ""
    shelved_count: int = 0
    given_up_count: int = 0
    shelf: tuple[Goal, ...] = ()
    given_up: tuple[Goal, ...] = ()
    features: tuple[str, ...] = ()
    features_known: bool = False
    known_bugs: tuple[str, ...] = ()
    second_opinion: SecondOpinion | None = None

    @property
    def proved(self) -> bool:
        """Whether the verdict is PROVED."""
        return self.verdict is Verdict.PROVED

    @property
    def against_strict(self) -> tuple[str, ...]:
        """What the policy `strict` refuses of the proof: features, and known bugs; other features are harmless."""
        return (*(feature for feature in self.features if feature in UNGUARDED), *self.known_bugs)

    def with_goals(self, goals: Goals) -> "ProofResult":
        """The same result with the goals where it stopped."""
        return replace(
            self,
            goals=goals.goals,
            goal_count=goals.count,
            unfocused_count=goals.unfocused,
            shelved_count=goals.shelved,
            given_up_count=goals.given_up_count,
            shelf=goals.shelf,
            given_up=goals.given_up,
        )

    def with_timings(self, **nanoseconds: int) -> "ProofResult":
        """The same result with some of its timings replaced."""
        return replace(self, timings=replace(self.timings, **nanoseconds))
