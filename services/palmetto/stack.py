"""The whole stack on one machine: each service a process of its own, all of one process group."""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx2

from coqdata.run_folder import RunFolder

_READY_S = 180.0
_END_S = 15.0
_PR_SET_PDEATHSIG = 1
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
        memory: file in which the prover keeps the checker's answers; None for none.
        logs: folder for the services' logs; None: what they print is dropped unless one fails.
    """

    projects: tuple[str, ...] = ()
    model: str = "neighbours"
    neighbours: bool = True
    port: int = 0
    jobs: int | None = None
    memory: Path | None = None
    logs: Path | None = None


@dataclass(slots=True)
class _Service:
    name: str
    address: str
    process: asyncio.subprocess.Process
    log: IO[bytes]


@dataclass(slots=True)
class Stack:
    """A running stack."""

    prover_url: str
    checker: str
    services: list[_Service] = field(default_factory=list)

    def addresses(self) -> dict[str, str]:
        """Where each service listens."""
        return {service.name: service.address for service in self.services}

    async def ended(self) -> str:
        """Waits until one of the services ends, which none should; the answer says which."""
        waits = {asyncio.create_task(one.process.wait()): one for one in self.services}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        return _said(waits[next(iter(done))])


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _dies_with_parent() -> Callable[[], None]:
    library = ctypes.CDLL(None, use_errno=True)

    def begin() -> None:
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    return begin


def _commands(options: StackOptions) -> list[tuple[str, str, Sequence[str], dict[str, str]]]:
    """Name, address, arguments of `palmetto serve`, and environment of each service, in the order of their start."""
    checker, retriever = (f"127.0.0.1:{_free_port()}" for _ in range(2))
    prover = f"127.0.0.1:{options.port or _free_port()}"
    projects = [word for name in options.projects for word in ("--project", name)]
    jobs = ["--jobs", str(options.jobs)] if options.jobs else []
    found: list[tuple[str, str, Sequence[str], dict[str, str]]] = [
        ("coq-checker", checker, [*projects, *jobs], {}),
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
    """Why a service ended, as far as its log tells."""
    service.log.flush()
    lines = Path(service.log.name).read_text(errors="replace").strip().splitlines()
    last = next((line.removeprefix("palmetto: ") for line in reversed(lines) if line.startswith("palmetto: ")), "")
    why = last or (lines[-1] if lines else "it printed nothing")
    return f"the service {service.name} ended with status {service.process.returncode}: {why}"


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
async def stack(options: StackOptions, folder: Path) -> AsyncIterator[Stack]:
    """The stack, as long as the block lasts.

    Args:
        options: what it is made of.
        folder: for the logs.

    Raises:
        StackError: a service does not come up.
    """
    services: list[_Service] = []
    begin = _dies_with_parent()
    # A line for each call is for those who keep the logs.
    level = {} if options.logs is not None else {"PALMETTO_LOG_LEVEL": "warning"}
    try:
        for name, address, arguments, environment in _commands(options):
            log = (folder / f"{name}.log").open("wb")
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "palmetto",
                "serve",
                _KINDS.get(name, name),
                "--listen",
                address,
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**level, **os.environ, **environment},
                preexec_fn=begin,
            )
            services.append(_Service(name, address, process, log))
        for service in services:
            await _until_listening(service)
        url = f"http://{services[-1].address}"
        await _until_ready(url, services)
        yield Stack(url, services[0].address, services)
    finally:
        await _end(services)


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
    async with httpx2.AsyncClient() as client:
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
