"""Runs the HTTP service."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

import structlog
import uvicorn
from fastapi import FastAPI

from coq_checker.client import CheckerClient, CheckerError
from prover.adapters import model_port, retriever_client, retriever_port
from prover.memory import CheckMemory, MemoryFileError
from prover.patience import Patience
from prover.server.access import TokenError
from prover.server.app import make_app
from prover.server.attempts import Attempts
from prover.server.problem import EndsInWords
from prover.server.settings import ProverServerSettings
from prover.server.work import Works
from prover.settings import ProverSettings

_log = structlog.get_logger("prover")
_READY_S = 2.0
# The work is over then; its answers are still to be sent.
_LAST_ANSWERS_S = 3

More = Callable[[FastAPI], None]


class ServeError(Exception):
    """The service cannot run; the text is one sentence."""


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ServeError(f"{listen!r} is no address: give HOST:PORT (PALMETTO_PROVER_LISTEN).")
    return host.strip("[]"), int(port)


class _Server(uvicorn.Server):
    """Says where it listens, and when it is told to end has its work end in words before it closes any connection.

    Args:
        config: uvicorn's.
        end: ends the work; the event is set when it is told a second time, and cuts that short.
    """

    def __init__(self, config: uvicorn.Config, end: Callable[[asyncio.Event], Awaitable[None]]) -> None:
        super().__init__(config)
        self._end = end
        self._told_again = asyncio.Event()
        self._ending: asyncio.Task[None] | None = None

    @property
    def is_ending(self) -> bool:
        """Whether it was told to end."""
        return self._ending is not None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ends quietly: uvicorn would raise the signal again afterwards, and so end with its status."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._told)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _told(self) -> None:
        if self._ending is None:
            # uvicorn's own handler has sse-starlette break streams off at once.
            self._ending = asyncio.create_task(self._end_work())
        else:
            self._told_again.set()

    async def _end_work(self) -> None:
        try:
            await self._end(self._told_again)
        finally:
            self.should_exit = True

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Listens."""
        try:
            await super().startup(sockets=None)
        except SystemExit as error:
            listen = f"{self.config.host}:{self.config.port}"
            raise ServeError(f"the prover cannot listen on {listen}: is the port taken?") from error
        for server in self.servers:
            for socket in server.sockets:
                host, port = socket.getsockname()[:2]
                _log.info("listening", address=f"http://{host}:{port}")


@contextlib.asynccontextmanager
async def _application(
    settings: ProverServerSettings, more: Sequence[More]
) -> AsyncIterator[tuple[FastAPI, Attempts, Patience]]:
    async with contextlib.AsyncExitStack() as stack:
        checker = await stack.enter_async_context(CheckerClient(settings.checker))
        retriever = await stack.enter_async_context(retriever_client(settings.retriever))
        model = await stack.enter_async_context(model_port(settings.model, settings.model_name, checker, retriever))
        neighbours = await stack.enter_async_context(model_port(settings.neighbours, "", checker, retriever))
        try:
            memory = stack.enter_context(CheckMemory(settings.memory)) if settings.memory is not None else None
        except MemoryFileError as error:
            raise ServeError(f"{str(error).rstrip('.')} (PALMETTO_PROVER_MEMORY).") from None
        attempts = Attempts(settings.attempts, settings.queue_size, settings.keep, settings.keep_events)

        async def ready() -> str:
            try:
                await checker.wait_until_ready(_READY_S)
            except (CheckerError, TimeoutError) as error:
                why = f" ({error})" if str(error) else ""
                return (
                    f"the checker at {settings.checker} does not answer{why}: start it, or set PALMETTO_PROVER_CHECKER."
                )
            return ""

        patience = Patience(ProverSettings().checker_patience_s)
        works = Works(settings, checker, model, retriever_port(retriever, checker), neighbours, memory, patience)
        try:
            app = make_app(settings, works, attempts, checker, ready, more)
        except TokenError as error:
            raise ServeError(f"{error} (PALMETTO_PROVER_TOKEN, PALMETTO_PROVER_TOKEN_FILE)") from None
        except (OSError, ValueError) as error:
            why = (
                "it is no text" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", None) or error
            )
            raise ServeError(f"the tokens cannot be read: {why} ({settings.token_file}).") from None
        yield app, attempts, patience


async def serve(settings: ProverServerSettings, more: Sequence[More] = ()) -> None:
    """Serves until SIGINT or SIGTERM.

    Args:
        settings: where, whom it asks, how much it takes on, and from whom.
        more: add what other services serve at the same address.

    Raises:
        ServeError: it cannot listen there.
    """
    host, port = _address(settings.listen)
    async with _application(settings, more) as (app, attempts, patience):

        def why() -> str:
            waited = f" It waited for the checker, which did not answer: {patience.why}" if patience.why else ""
            return f"the prover was told to end before this was finished: send it again when it runs.{waited}"

        async def end(at_once: asyncio.Event) -> None:
            await attempts.close(settings.grace_s, at_once, why)

        config = uvicorn.Config(
            EndsInWords(app, lambda: server.is_ending),
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=_LAST_ANSWERS_S,
        )
        server = _Server(config, end)
        await server.serve()
