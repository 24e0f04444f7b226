"""Starting, serving and draining the checker."""

import asyncio
import contextlib
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from coq_checker.auditors import choose_auditor
from coq_checker.metrics import Metrics
from coq_checker.pool.pool import Pool
from coq_checker.projects import Projects
from coq_checker.server.interceptors.calls import CallInterceptor
from coq_checker.server.servicer import CheckerServicer
from coq_checker.session.sertop import SessionOptions
from coq_checker.settings import CheckerSettings
from coq_checker.toolchain import Toolchain, find_toolchain
from palmetto_protos.checker.v1 import checker_pb2 as pb
from palmetto_protos.checker.v1 import checker_pb2_grpc as pb_grpc

_log = structlog.get_logger("coq_checker")
SERVICE = pb.DESCRIPTOR.services_by_name["CoqCheckerService"].full_name
_USAGE_PERIOD_S = 2.0


class ServeError(Exception):
    """The service could not be started; the text is one sentence with the remedy."""


@dataclass(slots=True)
class Running:
    """A service that is up.

    Attributes:
        address: where clients reach it.
        metrics_port: of /metrics; 0 when it is not served.
        server, pool, health: its parts.
    """

    address: str
    metrics_port: int
    server: grpc.aio.Server
    pool: Pool
    health: health.aio.HealthServicer

    async def drain(self, grace_s: float) -> None:
        """Tells health checks first, takes nothing new, and waits for what is under way."""
        await self.health.enter_graceful_shutdown()
        stopping = asyncio.create_task(self.server.stop(grace_s))
        await self.pool.drain(grace_s)
        await stopping


@contextlib.asynccontextmanager
async def running(settings: CheckerSettings, *, toolchain: Toolchain | None = None) -> AsyncIterator[Running]:
    """A checker service, up for as long as the block lasts; killed at its end without a drain.

    Raises:
        ServeError: the address cannot be used, or a project cannot be read.
        ToolchainError: there is no Coq.
    """
    found = toolchain if toolchain is not None else await asyncio.to_thread(find_toolchain)
    metrics = Metrics()
    auditor, extra = await asyncio.to_thread(choose_auditor, found)
    base = SessionOptions(
        toolchain=found,
        read_only=extra.read_only,
        environment=extra.environment,
        output_bytes=settings.max_output_bytes,
        address_space_bytes=settings.max_memory_bytes + (4 << 30),
    )
    projects = Projects(found, base, settings.slots)
    await asyncio.to_thread(projects.add, settings.projects.split(","))
    try:
        run_folder = Path(tempfile.mkdtemp(prefix="palmetto-checker-", dir=settings.run_folder))
    except OSError as error:
        raise ServeError(
            f"no folder can be made in {settings.run_folder} ({error.strerror}): "
            "set PALMETTO_CHECKER_RUN_FOLDER to one that can be written."
        ) from error
    try:
        async with Pool(settings.pool, auditor, run_folder, metrics) as pool:
            server = grpc.aio.server(
                interceptors=[CallInterceptor(metrics)],
                options=_options(settings),
            )
            pb_grpc.add_CoqCheckerServiceServicer_to_server(CheckerServicer(settings, pool, projects), server)
            health_servicer = health.aio.HealthServicer()
            health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
            reflection.enable_server_reflection((SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
            address = _listen(server, settings.listen)
            metrics_port = _serve_metrics(metrics, settings.metrics_listen)
            await server.start()
            for name in ("", SERVICE):
                await health_servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
            usage = asyncio.create_task(_watch_usage(pool, metrics))
            try:
                yield Running(address, metrics_port, server, pool, health_servicer)
            finally:
                usage.cancel()
                await server.stop(0)
    finally:
        shutil.rmtree(run_folder, ignore_errors=True)


def _options(settings: CheckerSettings) -> list[tuple[str, int]]:
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
        ("grpc.max_connection_age_grace_ms", settings.max_wall_ms),
    ]


def _listen(server: grpc.aio.Server, listen: str) -> str:
    try:
        port = server.add_insecure_port(listen)
    except RuntimeError as error:
        raise ServeError(
            f"cannot listen on {listen}: is the address free? Choose another with --listen HOST:PORT."
        ) from error
    if listen.startswith("unix:"):
        return listen
    return f"{listen.rpartition(':')[0]}:{port}"


def _serve_metrics(metrics: Metrics, listen: str) -> int:
    if not listen:
        return 0
    host, _, port = listen.rpartition(":")
    try:
        return metrics.serve(host or "0.0.0.0", int(port))
    except (OSError, ValueError) as error:
        raise ServeError(f"cannot serve metrics on {listen} ({error}): give HOST:PORT.") from error


async def _watch_usage(pool: Pool, metrics: Metrics) -> None:
    while True:
        metrics.usage(pool.usage())
        await asyncio.sleep(_USAGE_PERIOD_S)


async def serve(settings: CheckerSettings) -> None:
    """Serves until SIGTERM or SIGINT, then drains; a second signal ends at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(settings) as up:
        _log.info("serving", address=up.address, metrics_port=up.metrics_port, slots=settings.slots, service=SERVICE)
        await stop.wait()
        _log.info("draining", grace_s=settings.grace_s)
        stop.clear()
        drained = asyncio.create_task(up.drain(settings.grace_s))
        again = asyncio.create_task(stop.wait())
        await asyncio.wait({drained, again}, return_when=asyncio.FIRST_COMPLETED)
        again.cancel()
    _log.info("stopped")
