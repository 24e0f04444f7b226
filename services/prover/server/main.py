"""Runs the HTTP service."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import structlog
import uvicorn
from fastapi import FastAPI

from coq_checker.client import CheckerClient, CheckerError
from prover.adapters import model_port, retriever_client, retriever_port
from prover.memory import CheckMemory, MemoryFileError
from prover.server.access import TokenError
from prover.server.app import make_app
from prover.server.attempts import Attempts
from prover.server.settings import ProverServerSettings
from prover.server.work import Works

_log = structlog.get_logger("prover")
_READY_S = 2.0

More = Callable[[FastAPI], None]


class ServeError(Exception):
    """The service cannot run; the text is one sentence."""


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ServeError(f"{listen!r} is no address: give HOST:PORT (PALMETTO_PROVER_LISTEN).")
    return host.strip("[]"), int(port)


class _Server(uvicorn.Server):
    """Says where it listens, and lets streams end when it is told to."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ends quietly: uvicorn would raise the signal again afterwards, and so end with its status."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

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
async def _application(settings: ProverServerSettings, more: Sequence[More]) -> AsyncIterator[tuple[object, Attempts]]:
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

        works = Works(settings, checker, model, retriever_port(retriever, checker), neighbours, memory)
        try:
            app = make_app(settings, works, attempts, checker, ready, more)
        except TokenError as error:
            raise ServeError(f"{error} (PALMETTO_PROVER_TOKEN, PALMETTO_PROVER_TOKEN_FILE)") from None
        except (OSError, ValueError) as error:
            why = (
                "it is no text" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", None) or error
            )
            raise ServeError(f"the tokens cannot be read: {why} ({settings.token_file}).") from None
        yield app, attempts


async def serve(settings: ProverServerSettings, more: Sequence[More] = ()) -> None:
    """Serves until SIGINT or SIGTERM.

    Args:
        settings: where, whom it asks, how much it takes on, and from whom.
        more: add what other services serve at the same address.

    Raises:
        ServeError: it cannot listen there.
    """
    host, port = _address(settings.listen)
    async with _application(settings, more) as (app, attempts):
        config = uvicorn.Config(
            app,  # type: ignore[arg-type]
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=max(1, int(settings.grace_s)),
        )
        server = _Server(config)
        try:
            await server.serve()
        finally:
            await attempts.close(0)
