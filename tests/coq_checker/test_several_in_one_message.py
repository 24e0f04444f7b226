"""Items of a stream that share a message: where the server reads them, and only there."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import grpc
import pytest

from coq_checker.client import CheckerClient, CheckItem, FreeStatement
from palmetto_protos.checker.v1 import checker_pb2 as pb
from palmetto_protos.checker.v1 import checker_pb2_grpc as pb_grpc

TRUE = FreeStatement("Lemma t : True.")
MANY = 100


class Recorder(pb_grpc.CoqCheckerServiceServicer):
    """A server that proves everything and keeps the messages; one of an older release says nothing of `more`."""

    def __init__(self, *, older: bool) -> None:
        self.older = older
        self.messages: list[pb.CheckProofsRequest] = []

    async def CheckProofs(
        self, request_iterator: AsyncIterator[pb.CheckProofsRequest], context: Any
    ) -> AsyncIterator[pb.CheckProofsResponse]:
        await context.send_initial_metadata(() if self.older else (("palmetto-more", "1"),))
        async for message in request_iterator:
            self.messages.append(message)
            for one in (message, *(() if self.older else message.more)):
                yield pb.CheckProofsResponse(id=one.id, result=pb.ProofResult(verdict=pb.VERDICT_PROVED))


async def sent(recorder: Recorder, items: Any) -> list[str]:
    """The names of the answers; the messages are with the recorder."""
    server = grpc.aio.server()
    pb_grpc.add_CoqCheckerServiceServicer_to_server(recorder, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with CheckerClient(f"127.0.0.1:{port}") as client:
            return [name async for name, _ in client.check_proofs(items)]
    finally:
        await server.stop(None)


def items(count: int = MANY, text: str = "exact I.") -> list[CheckItem]:
    return [CheckItem(str(number), TRUE, text) for number in range(count)]


async def one_by_one(given: Iterable[CheckItem]) -> AsyncIterator[CheckItem]:
    for item in given:
        yield item


@pytest.mark.parametrize("how", [items, lambda: one_by_one(items())], ids=["a list", "a stream"])
async def test_they_are_together_where_that_is_understood(how: Any) -> None:
    recorder = Recorder(older=False)  # type: ignore[abstract]
    assert sorted(await sent(recorder, how()), key=int) == [item.id for item in items()]
    assert len(recorder.messages) < MANY


async def test_an_older_server_has_each_alone() -> None:
    recorder = Recorder(older=True)  # type: ignore[abstract]
    assert len(await sent(recorder, items())) == MANY == len(recorder.messages)
    assert not any(message.more for message in recorder.messages)


async def test_large_ones_are_not_heaped_up() -> None:
    recorder = Recorder(older=False)  # type: ignore[abstract]
    assert len(await sent(recorder, items(20, "idtac. " * 10_000))) == 20
    assert len(recorder.messages) == 20


async def test_a_server_answers_each(checker_address: str) -> None:
    """As any client may send them; what is nested deeper is not read."""

    def item(name: str, proof: str) -> pb.CheckProofsRequest:
        statement = pb.FreeStatement(statement="Lemma t : True.")
        return pb.CheckProofsRequest(id=name, check=pb.CheckProofRequest(statement=statement, proof=proof))

    first = item("a", "exact I.")
    first.more.extend([item("b", "exact 0."), item("c", ""), item("", "exact I.")])
    first.more[0].more.append(item("deeper", "exact I."))
    async with grpc.aio.insecure_channel(checker_address) as channel:
        call = pb_grpc.CoqCheckerServiceStub(channel).CheckProofs(iter([first, item("d", "exact I.")]))
        answers = {answer.id: answer.result.verdict async for answer in call}
        assert ("palmetto-more", "1") in list(await call.initial_metadata())
    assert answers == {
        "a": pb.VERDICT_PROVED,
        "b": pb.VERDICT_FAILED,
        "c": pb.VERDICT_INCOMPLETE,
        "": pb.VERDICT_PROVED,
        "d": pb.VERDICT_PROVED,
    }
