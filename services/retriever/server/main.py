"""Starting, serving and draining the retriever."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from palmetto_protos.retriever.v1 import retriever_pb2 as pb
from palmetto_protos.retriever.v1 import retriever_pb2_grpc as pb_grpc
from retriever.metrics import Metrics
from retriever.registry import Registry
from retriever.server.calls import CallInterceptor
from retriever.server.servicer import RetrieverServicer
from retriever.settings import RetrieverSettings

_log = structlog.get_logger("retriever")
SERVICE = pb.DESCRIPTOR.services_by_name["RetrieverService"].full_name


class ServeError(Exception):
    """The service could not be started; the text is one sentence with the remedy."""


@dataclass(slots=True)
class Running:
    """A service that is up.

    Attributes:
        address: where clients reach it.
        metrics_port: of /metrics; 0 when it is not served.
        server, health: its parts.
    """

    address: str
    metrics_port: int
    server: grpc.aio.Server
    health: health.aio.HealthServicer

    async def drain(self, grace_s: float) -> None:
        """Tells health checks first, takes nothing new, and waits for what is under way."""
        await self.health.enter_graceful_shutdown()
        await self.server.stop(grace_s)


@contextlib.asynccontextmanager
async def running(settings: RetrieverSettings) -> AsyncIterator[Running]:
    """A retriever service, up for as long as the block lasts.

    Raises:
        ServeError: an address cannot be used.
    """
    metrics = Metrics()
    registry = Registry(settings.indexes.expanduser())
    wanted = [name.strip() for name in settings.preload.split(",") if name.strip()]
    await asyncio.to_thread(registry.preload, wanted)
    servicer = RetrieverServicer(settings, registry, metrics)
    server = grpc.aio.server(interceptors=[CallInterceptor(metrics)], options=_options(settings))
    pb_grpc.add_RetrieverServiceServicer_to_server(servicer, server)
    health_servicer = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
    reflection.enable_server_reflection((SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    try:
        address = _listen(server, settings.listen)
        metrics_port = _serve_metrics(metrics, settings.metrics_listen)
        await server.start()
        for name in ("", SERVICE):
            await health_servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
        yield Running(address, metrics_port, server, health_servicer)
    finally:
        await server.stop(0)
        servicer.close()


def _options(settings: RetrieverSettings) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        ("grpc.so_reuseport", 0),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.http2.max_pings_without_data", 0),
        # Clients look the address up again after this, and so find servers that were added.
        ("grpc.max_connection_age_ms", 300_000),
        ("grpc.max_connection_age_grace_ms", 60_000),
    ]


def _listen(server: grpc.aio.Server, listen: str) -> str:
    try:
        port = server.add_insecure_port(listen)
    except RuntimeError as error:
        raise ServeError(
            f"cannot listen on {listen}: is the address free? Choose another with --listen HOST:PORT."
        ) from error
    return listen if listen.startswith("unix:") else f"{listen.rpartition(':')[0]}:{port}"


def _serve_metrics(metrics: Metrics, listen: str) -> int:
    if not listen:
        return 0
    host, _, port = listen.rpartition(":")
    try:
        return metrics.serve(host or "0.0.0.0", int(port))
    except (OSError, ValueError, OverflowError) as error:
        raise ServeError(f"cannot serve metrics on {listen} ({error}): give HOST:PORT.") from error


async def serve(settings: RetrieverSettings) -> None:
    """Serves until SIGTERM or SIGINT, then drains; a second signal ends at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(settings) as up:
        _log.info("serving", address=up.address, metrics_port=up.metrics_port, service=SERVICE)
        await stop.wait()
        _log.info("draining", grace_s=settings.grace_s)
        stop.clear()
        drained = asyncio.create_task(up.drain(settings.grace_s))
        again = asyncio.create_task(stop.wait())
        await asyncio.wait({drained, again}, return_when=asyncio.FIRST_COMPLETED)
        again.cancel()
    _log.info("stopped")
