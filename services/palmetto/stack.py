"""The whole stack on one machine: each service a process of its own, started anew where it dies."""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx2

from coqdata.run_folder import RunFolder
from palmetto.deaths import ending, memory_kills

_READY_S = 180.0
_END_S = 15.0
_PR_SET_PDEATHSIG = 1
# A service that dies more often than it may within so long is not started any more.
_WINDOW_S = 600.0
_BACKOFF_S, _LONGEST_BACKOFF_S = 0.5, 10.0
_REMEDY = "see its log (`palmetto up --logs DIR` keeps it), then start the stack again."
_WITHOUT = "the prover goes on without it."
# What the prover does without.
_HELPERS = frozenset(("retriever", "model-server", "neighbours"))
# Nobody at a terminal waits long for what is under way, unless the settings say so.
_LOCAL = {"PALMETTO_PROVER_GRACE_S": "2"}
# Services whose name is not that of what `palmetto serve` starts.
_KINDS = {"neighbours": "model-server"}


class StackError(Exception):
    """The stack cannot run; the text is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class StackOptions:
    """What the stack is made of.

    Attributes:
        projects: those that the checker serves, as `palmetto serve coq-checker --project` takes them.
        model: `neighbours`, `replay:DIR`, or the base address of a model server that runs already.
        neighbours: the prover asks the nearest neighbours after another model.
        port: of the prover's HTTP interface; 0: any free one.
        jobs: checks at one time; None: the cores.
        toolchain: the checker's default, by its name; empty: what the settings say.
        memory: file in which the prover keeps the checker's answers; None for none.
        logs: folder for the services' logs; None: what they print is dropped unless one fails.
        restarts: how often each service is started anew within ten minutes; 0: the first death ends the stack, whoever
            dies. Otherwise the prover goes on without a helper that died more often.
    """

    projects: tuple[str, ...] = ()
    model: str = "neighbours"
    neighbours: bool = True
    port: int = 0
    jobs: int | None = None
    toolchain: str = ""
    memory: Path | None = None
    logs: Path | None = None
    restarts: int = 3


@dataclass(slots=True)
class _Service:
    name: str
    address: str
    arguments: Sequence[str]
    environment: dict[str, str]
    process: asyncio.subprocess.Process
    log: IO[bytes]
    memory_kills: int | None
    log_start: int = 0
    deaths: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Stack:
    """A running stack."""

    prover_url: str
    checker: str
    services: list[_Service]
    _failed: "asyncio.Future[str]"

    def addresses(self) -> dict[str, str]:
        """Where each service listens."""
        return {service.name: service.address for service in self.services}

    async def ended(self) -> str:
        """Waits until the stack cannot go on; the answer says which service died of what. Where it was started anew
        before, that has been told.
        """
        return await asyncio.shield(self._failed)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _dies_with_parent() -> Callable[[], None]:
    library = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def begin() -> None:
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before it was asked for
            os._exit(1)

    return begin


def _commands(options: StackOptions) -> list[tuple[str, str, Sequence[str], dict[str, str]]]:
    """Name, address, arguments of `palmetto serve`, and environment of each service, in the order of their start."""
    checker, retriever = (f"127.0.0.1:{_free_port()}" for _ in range(2))
    prover = f"127.0.0.1:{options.port or _free_port()}"
    projects = [word for name in options.projects for word in ("--project", name)]
    jobs = ["--jobs", str(options.jobs)] if options.jobs else []
    toolchain = ["--toolchain", options.toolchain] if options.toolchain else []
    found: list[tuple[str, str, Sequence[str], dict[str, str]]] = [
        ("coq-checker", checker, [*projects, *jobs, *toolchain], {}),
        ("retriever", retriever, [], {}),
    ]
    model_url, neighbours_url = options.model, ""
    if options.model.startswith(("http://", "https://")):
        _check_address(options.model)
    else:
        backend, colon, folder = options.model.partition(":")
        if not ((backend == "neighbours" and not colon) or (backend == "replay" and folder)):
            raise StackError(
                f"there is no model {options.model!r}: give `neighbours`, `replay:DIR`, or an address such as "
                "http://127.0.0.1:8000/v1."
            )
        address = f"127.0.0.1:{_free_port()}"
        model_url = f"http://{address}/v1"
        arguments = ["--backend", backend, "--retriever", retriever, *(["--replay", folder] if folder else [])]
        found.append(("model-server", address, arguments, {}))
    if options.neighbours and options.model != "neighbours":
        address = f"127.0.0.1:{_free_port()}"
        neighbours_url = f"http://{address}/v1"
        found.append(("neighbours", address, ["--backend", "neighbours", "--retriever", retriever], {}))
    found.append(
        (
            "prover",
            prover,
            [],
            {
                "PALMETTO_PROVER_CHECKER": checker,
                "PALMETTO_PROVER_RETRIEVER": retriever,
                "PALMETTO_PROVER_MODEL": model_url,
                "PALMETTO_PROVER_NEIGHBOURS": neighbours_url,
                **({"PALMETTO_PROVER_MEMORY": str(options.memory)} if options.memory else {}),
                **({"PALMETTO_PROVER_ATTEMPTS": str(options.jobs)} if options.jobs else {}),
            },
        )
    )
    return found


def _said(service: _Service) -> str:
    """Which service ended, and why."""
    service.log.flush()
    before, now = service.memory_kills, memory_kills()
    killed = None if before is None or now is None else now > before
    log = Path(service.log.name).read_bytes()[service.log_start :].decode(errors="replace")
    return f"the service {service.name} {ending(service.process.returncode or 0, log, killed)}"


def _on_stderr(text: str) -> None:
    print(f"palmetto: {text}", file=sys.stderr, flush=True)


def stack_folder() -> RunFolder:
    """A folder for the logs of a stack, for one block. Those of stacks that were killed are removed.

    Raises:
        StackError: it cannot be made.
    """
    parent = Path(tempfile.gettempdir())
    try:
        return RunFolder(parent, "palmetto-stack-")
    except OSError as error:
        raise StackError(f"no folder can be made in {parent} ({error.strerror}): free some space there.") from error


def _check_address(url: str) -> None:
    try:
        good = bool(httpx2.URL(url).host)
    except (httpx2.InvalidURL, ValueError):
        good = False
    if not good:
        raise StackError(f"{url} is no address of a model server: it looks like http://127.0.0.1:8000/v1.")


@contextlib.asynccontextmanager
async def stack(options: StackOptions, folder: Path, tell: Callable[[str], None] = _on_stderr) -> AsyncIterator[Stack]:
    """The stack, as long as the block lasts.

    Args:
        options: what it is made of.
        folder: for the logs.
        tell: is told in a sentence when a service dies, and when it is up again; by default standard error.

    Raises:
        StackError: a service does not come up.
    """
    services: list[_Service] = []
    watching: list[asyncio.Task[None]] = []
    # A line for each call is for those who keep the logs.
    level = {} if options.logs is not None else {"PALMETTO_LOG_LEVEL": "warning"}
    try:
        for name, address, arguments, environment in _commands(options):
            log = (folder / f"{name}.log").open("wb")
            kind = _KINDS.get(name, name)
            argv = [sys.executable, "-m", "palmetto", "serve", kind, "--listen", address, *arguments]
            settings = {**level, **_LOCAL, **os.environ, **environment}
            try:
                process = await _begin(argv, settings, log)
            except BaseException:
                log.close()
                raise
            services.append(_Service(name, address, argv, settings, process, log, memory_kills()))
        for service in services:
            await _until_listening(service)
        url = f"http://{services[-1].address}"
        await _until_ready(url, services)
        failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        watching += [asyncio.create_task(_watch(one, options.restarts, tell, failed)) for one in services]
        yield Stack(url, services[0].address, services, failed)
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        # The prover's clients are told while those that it needs are there.
        await _end(services[-1:])
        await _end(services[:-1])


async def _begin(argv: Sequence[str], environment: dict[str, str], log: IO[bytes]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env=environment,
        # Ctrl-C at a terminal is for us, who end them in their order.
        start_new_session=True,
        preexec_fn=_dies_with_parent(),
    )


async def _watch(service: _Service, restarts: int, tell: Callable[[str], None], failed: "asyncio.Future[str]") -> None:
    """Starts a service anew whenever it dies, at the same address, until it has died too often."""
    while True:
        await service.process.wait()
        why = _said(service)
        now = time.monotonic()
        service.deaths = [at for at in service.deaths if now - at < _WINDOW_S] + [now]
        times = len(service.deaths)
        if times > restarts:
            helper = service.name in _HELPERS
            if restarts:
                why += f"; it has died {times} times within {_WINDOW_S / 60:.0f} minutes and is not started any more"
                tell(f"{why}: {_WITHOUT if helper else _REMEDY}")
            if not (restarts and helper) and not failed.done():
                failed.set_result(why)
            return
        wait_s = min(_BACKOFF_S * 2 ** (times - 1), _LONGEST_BACKOFF_S)
        tell(f"{why}; it is started anew.")
        await asyncio.sleep(wait_s)
        service.memory_kills, service.log_start = memory_kills(), os.fstat(service.log.fileno()).st_size
        try:
            service.process = await _begin(service.arguments, service.environment, service.log)
        except OSError as error:  # no process can be made; the old one stays dead, and is counted again
            tell(f"the service {service.name} cannot be started ({error.strerror}).")
            continue
        try:
            await _until_listening(service)
        except StackError:
            if service.process.returncode is None:
                service.process.kill()
        else:
            tell(f"the service {service.name} is up again.")


async def _until_listening(service: _Service) -> None:
    host, _, port = service.address.rpartition(":")
    for _ in range(int(_READY_S / 0.05)):
        if service.process.returncode is not None:
            raise StackError(_said(service))
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise StackError(f"the service {service.name} did not listen within {_READY_S:.0f} s: see its log.")


async def _until_ready(url: str, services: list[_Service]) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        for _ in range(int(_READY_S / 0.1)):
            for service in services:
                if service.process.returncode is not None:
                    raise StackError(_said(service))
            with contextlib.suppress(httpx2.HTTPError):
                answer = await client.get(f"{url}/readyz", timeout=10)
                if answer.status_code == httpx2.codes.OK:
                    return
            await asyncio.sleep(0.1)
    raise StackError(f"the prover at {url} was not ready within {_READY_S:.0f} s.")


async def _end(services: list[_Service]) -> None:
    """Ends all of them: asked first, killed then."""
    for service in services:
        if service.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                service.process.send_signal(signal.SIGTERM)
    waits = [asyncio.create_task(service.process.wait()) for service in services]
    if waits:
        _, late = await asyncio.wait(waits, timeout=_END_S)
        for service in services:
            if service.process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    service.process.kill()
        if late:
            await asyncio.wait(late)
    for service in services:
        service.log.close()
