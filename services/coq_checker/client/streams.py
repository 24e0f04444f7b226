"""Many candidates at once: a stream to each checker that has to do with them."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import grpc

from coq_checker import convert
from coq_checker.client.channels import Channels
from coq_checker.client.errors import CheckerError, InvalidRequestError
from coq_checker.client.messages import FreeStatement, Options, TheoremRef, check_request
from coq_checker.client.router import Router
from coq_checker.result import ProofResult, Reason, Verdict
from palmetto_protos.checker.v1 import checker_pb2 as pb

# In the initial metadata of a server that reads `CheckProofsRequest.more`.
_MORE = "palmetto-more"
# So many items are asked for beforehand, and go into one message while that has no more bytes than these.
_AHEAD, _MESSAGE_BYTES = 16, 64 << 10


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
    sender = _Sender(items)
    call = (await channels.stub()).CheckProofs(sender.messages(), timeout=timeout_s)
    learning = asyncio.create_task(sender.learn(call))
    try:
        async for response in call:
            while sender.refused:
                yield sender.refused.pop(0)
            yield response.id, convert.result_from_pb(response.result)
        while sender.refused:
            yield sender.refused.pop(0)
    except (grpc.aio.AioRpcError, asyncio.CancelledError) as error:
        if sender.broken is not None:
            raise sender.broken from None
        if isinstance(error, grpc.aio.AioRpcError):
            raise channels.error(error) from error
        raise
    finally:
        call.cancel()
        learning.cancel()
        sender.end()


class _Sender:
    """Sends items as they come, several in one message where they are there already and the server knows that.

    Attributes:
        broken: what the items themselves raised.
        refused: items whose text no message can hold: they fail no other.
    """

    def __init__(self, items: Items) -> None:
        self.broken: Exception | None = None
        self.refused: list[Answer] = []
        self._several = False
        self._ahead: asyncio.Queue[pb.CheckProofsRequest | None] = asyncio.Queue(_AHEAD)
        self._reader = asyncio.create_task(self._read(items))

    async def learn(self, call: Any) -> None:
        """Waits for what the server says of itself."""
        metadata = await call.initial_metadata()
        self._several = metadata is not None and any(key == _MORE for key, _ in metadata)

    def end(self) -> None:
        """Asks for no further item."""
        self._reader.cancel()

    async def _read(self, items: Items) -> None:
        try:
            async for item in _as_async(items):
                try:
                    check = check_request(item.target, item.proof, item.script, item.options)
                except InvalidRequestError as error:
                    self.refused.append((item.id, _not_run(error)))
                else:
                    await self._ahead.put(pb.CheckProofsRequest(id=item.id, check=check))
        except Exception as error:
            self.broken = error  # gRPC only cancels the call
        await self._ahead.put(None)

    async def messages(self) -> AsyncIterator[pb.CheckProofsRequest]:
        """What is sent.

        Raises:
            Exception: what the items raised, behind those before.
        """
        while (message := await self._ahead.get()) is not None:
            size_bytes = message.ByteSize()
            while self._several and size_bytes < _MESSAGE_BYTES and not self._ahead.empty():
                further = self._ahead.get_nowait()
                if further is None:
                    self._ahead.put_nowait(None)
                    break
                size_bytes += further.ByteSize()
                message.more.append(further)
            yield message
        if self.broken is not None:
            raise self.broken


async def _as_async(items: Items) -> AsyncIterator[CheckItem]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
