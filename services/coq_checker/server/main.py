"""Starting, serving and draining the checker."""

import asyncio
import contextlib
import re
import signal
import warnings
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from coq_checker.engine.options import EngineOptions
from coq_checker.engine.start import engine_options
from coq_checker.gates.kernel import SoundnessPolicy
from coq_checker.judge import NOT_STRICT
from coq_checker.metrics import Metrics
from coq_checker.pool.pool import Pool
from coq_checker.projects import Projects
from coq_checker.server.interceptors.calls import CallInterceptor
from coq_checker.server.servicer import CheckerServicer
from coq_checker.settings import CheckerSettings, unknown_settings
from coq_checker.toolchain import Toolchain, ToolchainSettings, find_toolchain
from coq_checker.toolchain.engines import SERAPI
from coq_checker.toolchains import Toolchains
from coqdata.project import Project
from coqdata.run_folder import RunFolder
from palmetto_protos.checker.v1 import checker_pb2 as pb
from palmetto_protos.checker.v1 import checker_pb2_grpc as pb_grpc

_log = structlog.get_logger("coq_checker")
SERVICE = pb.DESCRIPTOR.services_by_name["CoqCheckerService"].full_name
_USAGE_PERIOD_S = 2.0
_LAST_ANSWERS_S = 1.0
_ADDRESS = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:]*):(\d{1,5})")


class ServeError(Exception):
    """The service could not be started; the text is one sentence with the remedy."""


@dataclass(slots=True)
class Running:
    """A service that is up.

    Attributes:
        address: where clients reach it.
        metrics_port: of /metrics; 0 when it is not served.
        server, pool, health, calls: its parts.
    """

    address: str
    metrics_port: int
    server: grpc.aio.Server
    pool: Pool
    health: health.aio.HealthServicer
    calls: CallInterceptor

    async def drain(self, grace_s: float) -> None:
        """Tells health checks first, refuses new calls, and waits up to `grace_s` for those under way.

        Whoever asks meanwhile is answered: that the service is not serving, or that it is draining.
        """
        await self.health.enter_graceful_shutdown()
        # Items that come in on open streams are refused by the pool.
        drained, _ = await asyncio.gather(self.calls.drain(grace_s), self.pool.drain(grace_s))
        # The last answers are still to be sent.
        await self.server.stop(_LAST_ANSWERS_S if drained else 0)


@contextlib.asynccontextmanager
async def running(
    settings: CheckerSettings,
    *,
    toolchain: Toolchain | None = None,
    projects: Mapping[str, Project] | None = None,
    at_need: bool = False,
) -> AsyncIterator[Running]:
    """A checker service, up for as long as the block lasts; killed at its end without a drain.

    Args:
        settings: of the service.
        toolchain: what is used where neither a project nor a request needs another; by default the one that is found.
        projects: to serve besides those of the settings, by the names they go by.
        at_need: the default's engine is made ready when something is to run with it, as those of others are.

    Raises:
        ProjectError: a project cannot be read, or two have one name.
        ServeError: an address cannot be used.
        ToolchainError: there is no Coq.
    """
    metrics = Metrics()
    toolchains = await _toolchains(settings, toolchain, at_need)
    served = Projects(toolchains, settings.slots)
    await asyncio.to_thread(served.add, settings.projects.split(","))
    for name, project in (projects or {}).items():
        served.put(name, project)
    try:
        own = RunFolder(settings.run_folder)
    except OSError as error:
        raise ServeError(
            f"no folder can be made in {settings.run_folder} ({error.strerror}): "
            "set PALMETTO_CHECKER_RUN_FOLDER to one that can be written."
        ) from error
    with own as run_folder:
        async with Pool(settings.pool, run_folder, metrics) as pool:
            toolchains.lost = pool.drop
            calls = CallInterceptor(metrics)
            server = grpc.aio.server(interceptors=[calls], options=_options(settings))
            pb_grpc.add_CoqCheckerServiceServicer_to_server(CheckerServicer(settings, pool, served), server)
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
                yield Running(address, metrics_port, server, pool, health_servicer, calls)
            finally:
                usage.cancel()
                await server.stop(0)


async def _toolchains(settings: CheckerSettings, default: Toolchain | None, at_need: bool) -> Toolchains:
    """The server's toolchains, of which the default is ready unless it is to be so at need.

    Raises:
        ToolchainError: there is no Coq, or no engine for it.
    """

    def prepare(toolchain: Toolchain) -> EngineOptions:
        options = engine_options(toolchain)
        if options.engine == SERAPI and settings.soundness is SoundnessPolicy.STRICT:
            _log.warning("strict cannot be kept", toolchain=toolchain.name, why=NOT_STRICT)
        return replace(
            options,
            output_bytes=settings.max_output_bytes,
            address_space_bytes=settings.max_memory_bytes + (4 << 30),
        )

    found = default if default is not None else await asyncio.to_thread(find_toolchain, settings.toolchain or None)
    options = None if at_need else await asyncio.to_thread(prepare, found)
    return Toolchains(found, options, prepare, ToolchainSettings.from_environment())


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
    if not listen.startswith("unix:"):
        _port(listen, "--listen", "HOST:PORT or unix:/path")
    try:
        port = server.add_insecure_port(listen)
    except RuntimeError as error:
        raise ServeError(
            f"cannot listen on {listen}: the address is taken or not this machine's; "
            "choose another with --listen HOST:PORT (port 0 takes a free one)."
        ) from error
    if listen.startswith("unix:"):
        return listen
    return f"{listen.rpartition(':')[0]}:{port}"


def _serve_metrics(metrics: Metrics, listen: str) -> int:
    if not listen:
        return 0
    port = _port(listen, "--metrics", "HOST:PORT")
    try:
        return metrics.serve(listen.rpartition(":")[0].strip("[]") or "0.0.0.0", port)
    except OSError as error:
        why = (error.strerror or "unknown error").lower()
        raise ServeError(
            f"cannot serve metrics on {listen} ({why}): choose another address with --metrics HOST:PORT."
        ) from error


def _port(listen: str, option: str, form: str) -> int:
    found = _ADDRESS.fullmatch(listen)
    if found is None or int(found[1]) > 65_535:
        raise ServeError(f"{listen!r} is no address: give {option} {form}, with a port from 0 to 65535.")
    return int(found[1])


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
    # A stream that is cancelled before its first message was looked at leaves a coroutine of gRPC's own behind.
    warnings.filterwarnings("ignore", r"coroutine '_MessageReceiver\.", RuntimeWarning)
    for warning in unknown_settings():
        _log.warning("unknown setting", why=warning)
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
