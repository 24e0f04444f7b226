"""Starting, serving and ending the model server."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog
import uvicorn

from model_server.ask import Backend
from model_server.backends.choose import BackendError, open_backend
from model_server.metrics import Metrics
from model_server.server.app import make_app
from model_server.server.room import Room
from model_server.settings import ModelServerSettings

_log = structlog.get_logger("model_server")


class ServeError(Exception):
    """The server cannot be started; the text is one sentence with the remedy."""


@dataclass(slots=True)
class Running:
    """A server that is up.

    Attributes:
        url: its base address, with `/v1`.
        backend: what makes the answers.
        room: who works and waits.
    """

    url: str
    backend: Backend
    room: Room


class _Server(uvicorn.Server):
    """Leaves the signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        """Captures none."""
        yield


def _listen(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ServeError(f"{address!r} is no address: give HOST:PORT with --listen or PALMETTO_MODEL_LISTEN.")
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(where)
    except OSError as error:
        raise ServeError(
            f"cannot listen on {address} ({error.strerror or error}): choose another address with --listen HOST:PORT."
        ) from error
    return made


@contextlib.asynccontextmanager
async def running(settings: ModelServerSettings) -> AsyncIterator[Running]:
    """A model server, up for as long as the block lasts; at its end what is under way has `grace_s` to finish.

    Raises:
        ServeError: the address cannot be used, or the backend cannot be opened.
    """
    listening = _listen(settings.listen)
    metrics = Metrics()
    try:
        backend = await open_backend(settings, metrics.failed)
    except BackendError as error:
        listening.close()
        raise ServeError(str(error)) from error
    room = Room(settings.in_flight, settings.waiting, metrics.usage)
    config = uvicorn.Config(
        make_app(settings, backend, metrics, room),
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=max(1, round(settings.grace_s)),
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            if serving.done():
                serving.result()
                raise ServeError(f"the server could not be started on {settings.listen}.")
            await asyncio.sleep(0.01)
        host, port = listening.getsockname()[:2]
        yield Running(f"http://{f'[{host}]' if ':' in host else host}:{port}/v1", backend, room)
    finally:
        room.draining = True
        server.should_exit = True
        await serving
        await backend.close()


async def serve(settings: ModelServerSettings) -> None:
    """Serves until SIGTERM or SIGINT, then lets what is under way finish; a second signal ends at once.

    Raises:
        ServeError: it cannot be started.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(settings) as up:
        names = [one.name for one in up.backend.cards()]
        _log.info("serving", address=up.url, backend=settings.backend, models=names[:20])
        await stop.wait()
        _log.info("draining", grace_s=settings.grace_s)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
    _log.info("stopped")
