"""What the catalogue methods answer."""

from dataclasses import dataclass

from coq_checker.convert import goal_from_pb, timings_from_pb
from coq_checker.goals import Goal
from coq_checker.result import ProofResult, Timings
from palmetto_protos.checker.v1 import checker_pb2 as pb


@dataclass(frozen=True, slots=True)
class ProjectInfo:
    """A project: its files in dependency order, and the toolchain that checks it."""

    name: str
    files: tuple[str, ...]
    toolchain: str


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
    """A theorem with what its proof met; `problem` is why there are no steps, or not all of them."""

    theorem: TheoremInfo
    steps: tuple[TracedStep, ...]
    problem: str
    timings: Timings


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
    return Traced(theorem_from_pb(message.theorem), steps, message.problem, timings_from_pb(message.timings))


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
