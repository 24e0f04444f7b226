"""Requests as values, and the messages they become."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from coq_checker.client.errors import encoding
from palmetto_protos.checker.v1 import checker_pb2 as pb

Soundness = Literal["strict", "report"]
_SOUNDNESS: dict[Soundness | None, pb.SoundnessPolicy.ValueType] = {
    None: pb.SOUNDNESS_POLICY_UNSPECIFIED,
    "strict": pb.SOUNDNESS_POLICY_STRICT,
    "report": pb.SOUNDNESS_POLICY_REPORT,
}


@dataclass(frozen=True, slots=True)
class TheoremRef:
    """A theorem of a project that the server knows; see the proto's TheoremRef."""

    project: str
    theorem: str = ""
    file: str = ""
    index: int | None = None
    toolchain: str = ""

    def to_pb(self) -> pb.TheoremRef:
        """As a message."""
        return pb.TheoremRef(
            project=self.project, file=self.file, theorem=self.theorem, index=self.index, toolchain=self.toolchain
        )


@dataclass(frozen=True, slots=True)
class FreeStatement:
    """A statement in a context given as text; see the proto's FreeStatement."""

    statement: str
    context: str = ""
    project: str = ""
    logical_name: str = ""
    file: str = ""
    toolchain: str = ""

    def to_pb(self) -> pb.FreeStatement:
        """As a message."""
        return pb.FreeStatement(environment=self.environment_to_pb(), statement=self.statement)

    def environment_to_pb(self) -> pb.TextEnvironment:
        """What stands before the statement, as a message."""
        return pb.TextEnvironment(
            text=self.context,
            project=self.project,
            logical_name=self.logical_name,
            file=self.file,
            toolchain=self.toolchain,
        )


@dataclass(frozen=True, slots=True)
class Options:
    """How a check is run; 0 and None take the server's defaults.

    Attributes:
        cpu_ms, wall_ms, memory_bytes, output_bytes, goals_bytes: limits.
        axioms: None allows what the environment assumes; a list allows only what it names.
        want_goals: return the goals where the proof stopped.
        recheck: confirm with coqc and coqchk in fresh processes.
        partial: the proof is the beginning of one; see the proto's CheckProofRequest.
        prelude: `Require` sentences that run before the statement.
        want_messages: return what Coq printed.
        printing: how goals are printed (`coqdata.printing`).
        soundness: what becomes of a proof that the kernel accepts and that rests on what is weak there
            (docs/strict-guard.md): `strict` rejects it, `report` tells; None is the server's default, which is another
            one for candidates and for files.
        second_opinion: a toolchain of that server, by its name, with which what is PROVED is compiled too; what it says
            is in the answer, and changes no verdict. Empty: none.
    """

    cpu_ms: int = 0
    wall_ms: int = 0
    memory_bytes: int = 0
    output_bytes: int = 0
    goals_bytes: int = 0
    axioms: Sequence[str] | None = None
    want_goals: bool = False
    recheck: bool = False
    partial: bool = False
    prelude: str = ""
    want_messages: bool = False
    printing: str = ""
    soundness: Soundness | None = None
    second_opinion: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError where `soundness` is no policy."""
        if self.soundness not in _SOUNDNESS:
            raise ValueError(f"soundness has to be 'strict', 'report' or None, not {self.soundness!r}")

    def limits_to_pb(self) -> pb.Limits:
        """The limits as a message."""
        return pb.Limits(
            cpu_ms=self.cpu_ms,
            wall_ms=self.wall_ms,
            memory_bytes=self.memory_bytes,
            output_bytes=self.output_bytes,
            goals_bytes=self.goals_bytes,
        )

    def axioms_to_pb(self) -> pb.Axioms:
        """The axiom policy as a message."""
        if self.axioms is None:
            return pb.Axioms(policy=pb.AXIOM_POLICY_ENVIRONMENT)
        return pb.Axioms(policy=pb.AXIOM_POLICY_LISTED, allowed=self.axioms)

    def soundness_to_pb(self) -> pb.SoundnessPolicy.ValueType:
        """The soundness policy as the enum's number."""
        return _SOUNDNESS[self.soundness]


def check_request(
    target: TheoremRef | FreeStatement, proof: str | None, script: str | None, options: Options
) -> pb.CheckProofRequest:
    """A CheckProof request.

    Raises:
        ValueError: not exactly one of `proof` and `script` is given.
        InvalidRequestError: a text that is no UTF-8.
    """
    if (proof is None) == (script is None):
        raise ValueError("give either proof= (the body) or script= (a whole text)")
    with encoding():
        return _check_request(target, proof, script, options)


def _check_request(
    target: TheoremRef | FreeStatement, proof: str | None, script: str | None, options: Options
) -> pb.CheckProofRequest:
    request = pb.CheckProofRequest(
        limits=options.limits_to_pb(),
        axioms=options.axioms_to_pb(),
        want_goals=options.want_goals,
        recheck=options.recheck,
        partial=options.partial,
        prelude=options.prelude,
        want_messages=options.want_messages,
        printing=options.printing,
        soundness=options.soundness_to_pb(),
        second_opinion=options.second_opinion,
    )
    if proof is not None:
        request.proof = proof
    if script is not None:
        request.script = script
    if isinstance(target, TheoremRef):
        request.theorem.CopyFrom(target.to_pb())
    else:
        request.statement.CopyFrom(target.to_pb())
    return request
