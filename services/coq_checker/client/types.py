"""What the catalogue methods answer."""

from dataclasses import dataclass, replace
from typing import Literal

from coq_checker.convert import goal_from_pb, timings_from_pb
from coq_checker.goals import Goal
from coq_checker.result import ProofResult, Timings
from palmetto_protos.checker.v1 import checker_pb2 as pb

ToolchainState = Literal["ready", "not built", "unusable"]
_STATES: dict[int, ToolchainState] = {
    pb.TOOLCHAIN_STATE_READY: "ready",
    pb.TOOLCHAIN_STATE_NOT_BUILT: "not built",
    pb.TOOLCHAIN_STATE_UNUSABLE: "unusable",
}


@dataclass(frozen=True, slots=True)
class ProjectInfo:
    """A project: its files in dependency order, and the toolchain that checks it, and why it is that one."""

    name: str
    files: tuple[str, ...]
    toolchain: str
    toolchain_why: str = ""


@dataclass(frozen=True, slots=True)
class ToolchainInfo:
    """A toolchain that a server has or can have.

    Attributes:
        name: what requests call it.
        coq_version: empty where it is not known.
        engines: what can check proofs with it, in the order in which they are taken.
        state: `ready`, `not built` or `unusable`.
        problem: why it cannot be used, in one sentence.
        is_default: it is used where neither a request nor its project asks for another.
    """

    name: str
    coq_version: str
    engines: tuple[str, ...]
    state: ToolchainState
    problem: str
    is_default: bool

    def not_default(self) -> "ToolchainInfo":
        """The same, of a checker whose default is not that of all."""
        return replace(self, is_default=False)


@dataclass(frozen=True, slots=True)
class TheoremInfo:
    """A theorem of a file; offsets are bytes in the file. See the proto's Theorem."""

    project: str
    file: str
    name: str
    qualified_name: str
    kind: str
    index: int
    statement: str
    proof: str
    start: int
    statement_end: int
    proof_start: int
    proof_end: int


@dataclass(frozen=True, slots=True)
class CheckedTheorem:
    """One answer of a file's check."""

    theorem: TheoremInfo
    result: ProofResult


@dataclass(frozen=True, slots=True)
class TracedStep:
    """One sentence of a proof: its text and byte range in the file, and the goals in focus before it.

    Attributes:
        goals: the first of them; `goal_count` says how many there are.
    """

    text: str
    start: int
    end: int
    goals: tuple[Goal, ...]
    goal_count: int


@dataclass(frozen=True, slots=True)
class Traced:
    """A theorem with what its proof met, and the toolchain that ran it.

    Attributes:
        problem: why there are no steps, or not all of them.
    """

    theorem: TheoremInfo
    steps: tuple[TracedStep, ...]
    problem: str
    timings: Timings
    toolchain: str = ""
    coq_version: str = ""


def traced_from_pb(message: pb.TraceFileResponse) -> Traced:
    """A trace from its message."""
    steps = tuple(
        TracedStep(
            step.text,
            step.start_byte,
            step.end_byte,
            tuple(goal_from_pb(goal) for goal in step.goals),
            step.goal_count,
        )
        for step in message.steps
    )
    return Traced(
        theorem_from_pb(message.theorem),
        steps,
        message.problem,
        timings_from_pb(message.timings),
        message.toolchain,
        message.coq_version,
    )


def project_from_pb(message: pb.Project) -> ProjectInfo:
    """A project from its message."""
    return ProjectInfo(message.name, tuple(message.files), message.toolchain, message.toolchain_why)


def toolchain_from_pb(message: pb.Toolchain) -> ToolchainInfo:
    """A toolchain from its message; a state that a newer server may add reads as `unusable`."""
    return ToolchainInfo(
        message.name,
        message.coq_version,
        tuple(message.engines),
        _STATES.get(message.state, "unusable"),
        message.problem,
        message.is_default,
    )


def theorem_from_pb(message: pb.Theorem) -> TheoremInfo:
    """A theorem from its message."""
    return TheoremInfo(
        project=message.project,
        file=message.file,
        name=message.name,
        qualified_name=message.qualified_name,
        kind=message.kind,
        index=message.index,
        statement=message.statement,
        proof=message.proof,
        start=message.start_byte,
        statement_end=message.statement_end_byte,
        proof_start=message.proof_start_byte,
        proof_end=message.proof_end_byte,
    )
