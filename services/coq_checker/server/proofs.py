"""CheckProof and CheckProofs: requests through the pool."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

from coq_checker.engine.api import EngineLostError, EngineStartError
from coq_checker.environment import Environment, EnvironmentFailedError
from coq_checker.opinion import Elsewhere, opinion
from coq_checker.pool.pool import Pool
from coq_checker.pool.queue import ClosedError, QueueFullError
from coq_checker.pool.worker import Target
from coq_checker.recheck import recheck, whole_text
from coq_checker.result import ProofResult, Reason, SecondOpinion, Verdict
from coq_checker.server.answers import reached_in
from coq_checker.server.errors import (
    BusyError,
    EnvironmentRequestError,
    InvalidRequestError,
    RequestError,
    UnavailableError,
    UnknownNameError,
    without_backtrace,
)
from coq_checker.server.naming import Naming
from coq_checker.server.requests import ProofRequest, Requests
from coqdata.theorem import Theorem
from palmetto_protos.checker.v1 import checker_pb2 as pb

# What a stream's item reports as its verdict's reason where a single call would answer a status.
_REASONS = {
    InvalidRequestError: Reason.INVALID_REQUEST,
    UnknownNameError: Reason.INVALID_REQUEST,
    EnvironmentRequestError: Reason.ENVIRONMENT,
    BusyError: Reason.UNAVAILABLE,
    UnavailableError: Reason.UNAVAILABLE,
}
_STATUS = {
    Reason.INVALID_REQUEST: InvalidRequestError,
    Reason.ENVIRONMENT: EnvironmentRequestError,
    Reason.UNAVAILABLE: UnavailableError,
    Reason.WORKER_LOST: UnavailableError,
}


class ProofChecks:
    """Checks of single candidates."""

    def __init__(self, requests: Requests, pool: Pool, naming: Naming) -> None:
        self._requests = requests
        self._pool = pool
        self._naming = naming

    async def _read(self, message: pb.CheckProofRequest) -> ProofRequest:
        """The request; a theorem whose name only Coq knows is found once Coq has read its file.

        Raises:
            RequestError: of the kind that the status says.
        """
        try:
            return await self._requests.proof(message)
        except UnknownNameError:
            if not await self._naming.ask(message.theorem):
                raise
            return await self._requests.proof(message)

    async def one(self, message: pb.CheckProofRequest) -> ProofResult:
        """The verdict on one candidate; what could not run is an error of the call.

        Raises:
            RequestError: of the kind that the status says.
        """
        result = await self._run(await self._read(message))
        status = _STATUS.get(result.reason) if result.verdict is Verdict.ERROR else None
        if status is not None:
            raise status(result.message)
        return result

    async def _run(self, request: ProofRequest) -> ProofResult:
        begun = time.monotonic()
        try:
            result = await self._pool.check(request.target, request.ask)
        except QueueFullError as error:
            raise BusyError(f"{error}.", retry_after_ms=error.retry_after_ms) from error
        except ClosedError as error:
            raise UnavailableError("the server is draining: send the request to another one.") from error
        if request.recheck and result.proved:
            failed, left = await self._assumed(request.target)
            result = await recheck(request.target, request.ask, result, failed, left)
        if request.second is not None and result.proved:
            result = replace(result, second_opinion=await self._second_opinion(request, request.second))
        environment = request.target.environment
        if not result.proved:
            self._requests.require_standing(environment, begun)
        message = without_backtrace(result.message) if result.verdict is Verdict.ERROR else result.message
        return replace(reached_in(result, environment), message=message)

    async def _second_opinion(self, request: ProofRequest, second: Elsewhere) -> SecondOpinion:
        try:
            failed, left = await self._assumed(request.target)
        except UnavailableError as error:
            return SecondOpinion(second.toolchain, message=str(error))

        def text(environment: Environment) -> bytes:
            return whole_text(replace(request.target, environment=environment), request.ask, failed, left)

        return await opinion(second, text)

    async def _assumed(self, target: Target) -> tuple[list[Theorem], dict[int, bytes]]:
        """The theorems before the target whose own proofs fail, so that its environment assumes them, and how."""
        document = self._pool.document(target.environment)
        try:
            async with self._pool.busy(), document.lock:
                await document.prepare(target.position, self._pool.settings.environment_limits)
        except (EnvironmentFailedError, EngineLostError, EngineStartError) as error:
            raise UnavailableError(f"the environment could not be prepared once more: {error}") from error
        passed = document.passed
        failed = [
            one for one in document.reading.theorems if one.start in passed and passed[one.start].error is not None
        ]
        return failed, {one.start: passed[one.start].left for one in failed}

    async def item(self, message: pb.CheckProofRequest) -> ProofResult:
        """The verdict on an item of a stream: what could not run is its ERROR verdict."""
        try:
            request = await self._read(message)
            while True:
                try:
                    return await self._run(request)
                except BusyError:  # others were quicker while the request was read
                    await self._pool.queue.room()
        except RequestError as error:
            return ProofResult(Verdict.ERROR, _REASONS.get(type(error), Reason.INVALID_REQUEST), str(error))

    async def many(self, messages: AsyncIterator[pb.CheckProofsRequest]) -> AsyncIterator[tuple[str, ProofResult]]:
        """Answers to a stream of items as they finish; closing the iterator kills what is under way."""
        answers: asyncio.Queue[tuple[str, ProofResult] | Exception | None] = asyncio.Queue()
        room = asyncio.Semaphore(self._requests.settings.max_in_flight)
        running: set[asyncio.Task[None]] = set()

        async def check(name: str, message: pb.CheckProofRequest) -> None:
            try:
                await answers.put((name, await self.item(message)))
            except Exception as error:  # a fault of ours ends the call: no item goes without an answer in silence
                await answers.put(error)
            finally:
                room.release()

        async def read() -> None:
            try:
                async for message in _each(messages, answers):
                    await room.acquire()
                    # A full queue slows the sender down, and fails nothing.
                    await self._pool.queue.room()
                    task = asyncio.create_task(check(message.id, message.check))
                    running.add(task)
                    task.add_done_callback(running.discard)
                    # The task takes its place in the queue before the next item is looked at.
                    await asyncio.sleep(0)
                while running:
                    await asyncio.wait(set(running))
            finally:
                answers.put_nowait(None)

        reader = asyncio.create_task(read())
        try:
            while (answer := await answers.get()) is not None:
                if isinstance(answer, Exception):
                    raise answer
                yield answer
            await reader
        finally:
            reader.cancel()
            for task in running:
                task.cancel()
            await asyncio.gather(reader, *running, return_exceptions=True)


async def _each(
    messages: AsyncIterator[pb.CheckProofsRequest], answers: "asyncio.Queue[tuple[str, ProofResult] | Exception | None]"
) -> AsyncIterator[pb.CheckProofsRequest]:
    """The items of a stream; one whose bytes are no message is answered at once, without a name."""
    while True:
        try:
            message = await anext(messages)
            yield message
            for further in message.more:
                yield further
        except StopAsyncIteration:
            return
        except InvalidRequestError as error:
            await answers.put(("", ProofResult(Verdict.ERROR, Reason.INVALID_REQUEST, str(error))))
