"""What the catalogue methods answer."""

from dataclasses import dataclass

from coq_checker.result import ProofResult
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
