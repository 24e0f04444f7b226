"""The services behind the tools: those at given addresses, or a stack of this server's own."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from coq_checker.client import CheckerClient
from palmetto.stack import StackError, StackOptions, stack, stack_folder
from prover.client import ProverClient
from retriever.client import RetrieverClient


@dataclass(frozen=True, slots=True)
class Addresses:
    """Services that run already; an empty one is not there."""

    prover: str = ""
    checker: str = ""
    retriever: str = ""


class MissingServiceError(Exception):
    """A tool needs a service that this server was not told of; the text is one sentence."""


class Clients:
    """The clients of what there is."""

    def __init__(
        self, checker: CheckerClient | None, retriever: RetrieverClient | None, prover: ProverClient | None
    ) -> None:
        self._checker, self._retriever, self._prover = checker, retriever, prover

    @property
    def checker(self) -> CheckerClient:
        """The checker's.

        Raises:
            MissingServiceError: there is none.
        """
        if self._checker is None:
            raise MissingServiceError("this server has no checker: start it with --checker ADDR.")
        return self._checker

    @property
    def retriever(self) -> RetrieverClient:
        """The retriever's.

        Raises:
            MissingServiceError: there is none.
        """
        if self._retriever is None:
            raise MissingServiceError("this server has no retriever: start it with --retriever ADDR.")
        return self._retriever

    @property
    def prover(self) -> ProverClient:
        """The prover's.

        Raises:
            MissingServiceError: there is none.
        """
        if self._prover is None:
            raise MissingServiceError("this server has no prover: start it with --server URL.")
        return self._prover


class Services(Protocol):
    """Where the tools find the services."""

    has: Addresses
    """What there is or will be: what is empty is not."""

    @property
    def up(self) -> bool:
        """Whether `clients` answers at once."""

    async def clients(self) -> Clients:
        """The clients, once the services answer.

        Raises:
            StackError: they do not come up.
        """

    async def close(self) -> None:
        """Ends what was started."""


class Remote:
    """Services at given addresses. To be made in an event loop."""

    def __init__(self, addresses: Addresses) -> None:
        self.has = addresses
        self.up = True
        self._checker = CheckerClient(addresses.checker) if addresses.checker else None
        self._retriever = RetrieverClient(addresses.retriever) if addresses.retriever else None
        self._prover = ProverClient(addresses.prover) if addresses.prover else None

    async def clients(self) -> Clients:
        """The clients; nothing is sent yet."""
        return Clients(self._checker, self._retriever, self._prover)

    async def close(self) -> None:
        """Closes the connections."""
        for client in (self._checker, self._retriever, self._prover):
            if client is not None:
                await client.__aexit__(None, None, None)


class Local:
    """A stack of one's own: started when it is first needed, and anew when it could not go on."""

    def __init__(self, options: StackOptions) -> None:
        self.has = Addresses("own", "own", "own")
        self._options = options
        self._stop = asyncio.Event()
        self._ready: asyncio.Future[Clients] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def up(self) -> bool:
        """Whether it runs."""
        ready = self._ready
        return ready is not None and ready.done() and not ready.cancelled() and ready.exception() is None

    async def clients(self) -> Clients:
        """The clients of the stack, which is started if it does not run.

        Raises:
            StackError: it does not come up.
        """
        if self._stop.is_set():
            raise StackError("the server is ending.")
        if self._ready is None:
            self._ready = asyncio.get_running_loop().create_future()
            # Where all who waited have gone away, nobody asks for the error.
            self._ready.add_done_callback(lambda one: one.cancelled() or one.exception())
            task = asyncio.create_task(self._run(self._ready))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        # Others wait for it too: a call that is cancelled does not stop the start.
        return await asyncio.shield(self._ready)

    async def _run(self, ready: asyncio.Future[Clients]) -> None:
        try:
            async with _started(self._options) as (clients, ended):
                ready.set_result(clients)
                stopping = asyncio.create_task(self._stop.wait())
                await asyncio.wait((ended, stopping), return_when=asyncio.FIRST_COMPLETED)
                stopping.cancel()
                self._forget(ready)
                if not self._stop.is_set():
                    print("palmetto: the next call starts all services anew.", file=sys.stderr)
        except Exception as error:
            self._forget(ready)
            if not ready.done():
                ready.set_exception(error if isinstance(error, StackError) else StackError(f"no stack: {error}."))
        except BaseException:
            self._forget(ready)
            ready.cancel()
            raise

    def _forget(self, ready: asyncio.Future[Clients]) -> None:
        if self._ready is ready:
            self._ready = None

    async def close(self) -> None:
        """Ends the stack, and what is left of earlier ones."""
        self._stop.set()
        starting = self._ready is not None and not self._ready.done()
        tasks = list(self._tasks)
        if starting:
            for task in tasks:
                task.cancel()
        if tasks:
            await asyncio.wait(tasks)


@contextlib.asynccontextmanager
async def _started(options: StackOptions) -> AsyncIterator[tuple[Clients, asyncio.Task[str]]]:
    """A running stack's clients, and the task that ends when it cannot go on."""
    with stack_folder() as folder:
        async with (
            stack(options, folder) as running,
            CheckerClient(running.checker) as checker,
            RetrieverClient(running.addresses()["retriever"]) as retriever,
            ProverClient(running.prover_url) as prover,
        ):
            ended = asyncio.create_task(running.ended())
            try:
                yield Clients(checker, retriever, prover), ended
            finally:
                ended.cancel()
