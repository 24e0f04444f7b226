"""Many candidates at once: a stream to each checker that has to do with them."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from dataclasses import dataclass

import grpc

from coq_checker import convert
from coq_checker.client.channels import Channels
from coq_checker.client.errors import CheckerError, InvalidRequestError
from coq_checker.client.messages import FreeStatement, Options, TheoremRef, check_request
from coq_checker.client.router import Router
from coq_checker.result import ProofResult, Reason, Verdict
from palmetto_protos.checker.v1 import checker_pb2 as pb


@dataclass(frozen=True, slots=True)
class CheckItem:
    """One item of a stream of checks; `id` comes back with its answer.

    Raises:
        ValueError: not exactly one of `proof` and `script` is given.
    """

    id: str
    target: TheoremRef | FreeStatement
    proof: str | None = None
    script: str | None = None
    options: Options = Options()

    def __post_init__(self) -> None:
        if (self.proof is None) == (self.script is None):
            raise ValueError("give either proof= (the body) or script= (a whole text)")


Items = Iterable[CheckItem] | AsyncIterable[CheckItem]
Answer = tuple[str, ProofResult]


async def check_all(router: Router, items: Items, timeout_s: float | None) -> AsyncGenerator[Answer, None]:
    """Checks items where their toolchains are; answers come as they finish.

    Raises:
        CheckerError: a stream broke.
    """
    if router.only is not None:
        async with contextlib.aclosing(_stream(router.only, items, timeout_s)) as stream:
            async for one in stream:
                yield one
        return
    answers: asyncio.Queue[Answer | None] = asyncio.Queue()
    work = asyncio.create_task(_spread(router, items, timeout_s, answers))
    work.add_done_callback(lambda _: answers.put_nowait(None))
    try:
        while (answer := await answers.get()) is not None:
            yield answer
        await work
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def _spread(router: Router, items: Items, timeout_s: float | None, answers: asyncio.Queue[Answer | None]) -> None:
    """Gives each item to the stream of its checker."""
    # Of one item each: who is slow slows down the sender.
    streams: dict[Channels, asyncio.Queue[CheckItem | None]] = {}

    async def run(channels: Channels, given: asyncio.Queue[CheckItem | None]) -> None:
        async with contextlib.aclosing(_stream(channels, _taken(given), timeout_s)) as stream:
            async for answer in stream:
                answers.put_nowait(answer)

    try:
        async with asyncio.TaskGroup() as running:
            async for item in _as_async(items):
                try:
                    channels = await router.channels(item.target.toolchain, item.target.project)
                except CheckerError as error:
                    answers.put_nowait((item.id, _not_run(error)))
                    continue
                if channels not in streams:
                    streams[channels] = asyncio.Queue(1)
                    running.create_task(run(channels, streams[channels]))
                await streams[channels].put(item)
            for given in streams.values():
                await given.put(None)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _taken(given: asyncio.Queue[CheckItem | None]) -> AsyncIterator[CheckItem]:
    while (item := await given.get()) is not None:
        yield item


def _not_run(error: CheckerError) -> ProofResult:
    """The answer to an item that goes to no checker, as a checker would give it."""
    wrong = isinstance(error, InvalidRequestError)
    return ProofResult(Verdict.ERROR, Reason.INVALID_REQUEST if wrong else Reason.UNAVAILABLE, str(error))


async def _stream(channels: Channels, items: Items, timeout_s: float | None) -> AsyncGenerator[Answer, None]:
    broken: list[Exception] = []
    # Items whose text no message can hold: they fail no other.
    refused: list[Answer] = []

    async def messages() -> AsyncIterator[pb.CheckProofsRequest]:
        try:
            async for item in _as_async(items):
                try:
                    check = check_request(item.target, item.proof, item.script, item.options)
                except InvalidRequestError as error:
                    refused.append((item.id, _not_run(error)))
                else:
                    yield pb.CheckProofsRequest(id=item.id, check=check)
        except Exception as error:
            broken.append(error)  # gRPC only cancels the call
            raise

    call = (await channels.stub()).CheckProofs(messages(), timeout=timeout_s)
    try:
        async for response in call:
            while refused:
                yield refused.pop(0)
            yield response.id, convert.result_from_pb(response.result)
        while refused:
            yield refused.pop(0)
    except (grpc.aio.AioRpcError, asyncio.CancelledError) as error:
        if broken:
            raise broken[0] from None
        if isinstance(error, grpc.aio.AioRpcError):
            raise channels.error(error) from error
        raise
    finally:
        call.cancel()


async def _as_async(items: Items) -> AsyncIterator[CheckItem]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
