"""What answers say of the toolchain that they were reached with, and of those that there are."""

from dataclasses import replace

from coq_checker.environment import Environment
from coq_checker.result import ProofResult
from coq_checker.toolchain import Listed
from palmetto_protos.checker.v1 import checker_pb2 as pb


def reached_in(result: ProofResult, environment: Environment) -> ProofResult:
    """A result that says which environment and toolchain it was reached in."""
    used = environment.options.toolchain
    return replace(result, toolchain=used.name, coq_version=used.coq_version, environment_id=environment.id)


def toolchain_to_pb(listed: Listed, default: str) -> pb.Toolchain:
    """A toolchain that there is or can be, as a message; `default` is the name of the server's own."""
    state = pb.TOOLCHAIN_STATE_NOT_BUILT if listed.state == "not built" else pb.TOOLCHAIN_STATE_READY
    return pb.Toolchain(
        name=listed.name,
        coq_version=listed.coq_version,
        engines=listed.engines,
        state=pb.TOOLCHAIN_STATE_UNUSABLE if listed.problem else state,
        problem=listed.problem,
        is_default=listed.name == default,
    )
