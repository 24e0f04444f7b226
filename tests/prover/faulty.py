"""A gRPC checker that fails where a test wants it to, and else passes questions on to a real one."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc

from palmetto_protos.checker.v1 import checker_pb2 as pb
from palmetto_protos.checker.v1 import checker_pb2_grpc as pb_grpc


@dataclass(frozen=True)
class Fault:
    code: grpc.StatusCode
    message: str = "told to by a test"
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass
class Faulty(pb_grpc.CoqCheckerServiceServicer):
    """`fault(proof)` says how a question fails; `asked` has those that came, without gRPC's own further tries."""

    upstream: str = ""
    fault: Callable[[str], Fault | None] = lambda proof: None
    asked: list[str] = field(default_factory=list)

    CheckFile = CheckProofs = ListTheorems = ListToolchains = Session = TraceFile = None  # type: ignore[assignment]

    def CheckProof(self, request: pb.CheckProofRequest, context: Any) -> pb.CheckProofResponse:
        if "grpc-previous-rpc-attempts" not in dict(context.invocation_metadata()):
            self.asked.append(request.proof)
        self._fail(context, self.fault(request.proof))
        with grpc.insecure_channel(self.upstream) as channel:
            stub: Any = pb_grpc.CoqCheckerServiceStub(channel)
            try:
                answer: pb.CheckProofResponse = stub.CheckProof(request)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())
        return answer

    def GetTheorem(self, request: pb.GetTheoremRequest, context: Any) -> pb.GetTheoremResponse:
        named = request.theorem
        statement = f"Lemma {named.theorem} : True."
        return pb.GetTheoremResponse(theorem=pb.Theorem(project=named.project, name=named.theorem, statement=statement))

    def ListProjects(self, request: pb.ListProjectsRequest, context: Any) -> pb.ListProjectsResponse:
        return pb.ListProjectsResponse()

    @staticmethod
    def _fail(context: Any, fault: Fault | None) -> None:
        if fault is not None:
            context.set_trailing_metadata(fault.metadata)
            context.abort(fault.code, fault.message)


@contextmanager
def served(checker: Faulty) -> Iterator[str]:
    """Its address."""
    server = grpc.server(ThreadPoolExecutor(8))
    pb_grpc.add_CoqCheckerServiceServicer_to_server(checker, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()
