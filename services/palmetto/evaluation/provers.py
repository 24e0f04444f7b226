"""Provers that an experiment is run on: one that runs already, or a stack, started anew when a part of it dies."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from coq_checker.toolchain import find_toolchain
from evaluator.causes import MODEL_DOWN
from model_server.client import ModelClient, ModelError, check_printing
from palmetto.stack import Stack, StackError, StackOptions, stack, stack_folder
from prover.client import ProverClient, ProverDownError

_POLL_S = 0.5
# What these spend is the models' own work.
_MODELS = frozenset(("model-server", "neighbours"))
_TICKS = os.sysconf("SC_CLK_TCK")


class ServerProver:
    """A prover at an address.

    Attributes:
        coq_version: empty: the server tells it with its answers, if at all.
        lost: 0: what happens behind it is not seen from here.
    """

    def __init__(self, client: ProverClient) -> None:
        self.coq_version = ""
        self.lost = 0
        self._client = client

    async def prove(self, request: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """The events of the work on a theorem.

        Raises:
            ProverError: it did not answer, or went away.
        """
        async for event in self._client.prove_patiently(**request):
            yield event

    async def recover(self, cause: str, patience_s: float) -> str:
        """Waits until the server is ready; its model cannot be asked from here."""
        if cause == MODEL_DOWN:
            await asyncio.sleep(min(_POLL_S, patience_s))
            return ""
        return await _until(self._client.ready, patience_s)

    def orchestration_cpu_s(self) -> float | None:
        """None: it is not known here."""
        return None


class LocalProver:
    """A stack of this command's own. Use as an async context manager.

    Attributes:
        coq_version: of its default toolchain.
        lost: how many of its services have died; the whole stack is ended then, and started anew by `recover`.

    Raises:
        StackError: it does not come up.
    """

    def __init__(self, options: StackOptions) -> None:
        self.coq_version = find_toolchain(options.toolchain or None).coq_version
        self.lost = 0
        # A theorem that was worked on without one of the services says nothing: the whole stack is started anew.
        self._options = replace(options, restarts=0)
        self._held = contextlib.AsyncExitStack()
        self._changing = asyncio.Lock()
        self._up: Stack | None = None
        self._client: ProverClient | None = None
        self._watching: asyncio.Task[None] | None = None
        self._why = ""
        self._spent_s = 0.0
        self._own_s = time.process_time()

    async def __aenter__(self) -> "LocalProver":
        """Starts the stack."""
        await self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends it."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        await self._end()

    @property
    def checker(self) -> str:
        """Address of its checker; empty while it is down."""
        return self._up.checker if self._up is not None else ""

    async def prove(self, request: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """The events of the work on a theorem.

        Raises:
            ProverError: the stack is down, or went down.
        """
        if self._client is None:
            raise ProverDownError(self._why)
        try:
            async for event in self._client.prove_patiently(**request):
                yield event
        except RuntimeError as error:  # the client was closed with its stack
            raise ProverDownError(self._why or str(error)) from error

    async def recover(self, cause: str, patience_s: float) -> str:
        """Starts the stack anew where it is down; waits for a model's server that is not ours."""
        why = await _until(self._mended, patience_s)
        if not why and cause == MODEL_DOWN and self._options.model.startswith(("http://", "https://")):
            why = await _until(lambda: model_problem(self._options.model), patience_s)
        return why

    async def _mended(self) -> str:
        """Why the stack is not ready, after it was started anew where it was down."""
        async with self._changing:
            if self._client is not None:
                return await self._client.ready()
            try:
                await self._start()
            except StackError as error:
                self._why = str(error)
                return self._why
        return ""

    def orchestration_cpu_s(self) -> float | None:
        """CPU seconds of this process and of the services, without the model's and without Coq, which they start.

        None where answers are remembered: a share of what was spent another time would say nothing.
        """
        if self._options.memory is not None:
            return None
        return self._spent_s + self._running_s() + time.process_time() - self._own_s

    def _running_s(self) -> float:
        services = self._up.services if self._up is not None else []
        return sum(_cpu_s(one.process.pid) for one in services if one.name not in _MODELS)

    async def _start(self) -> None:
        held = contextlib.AsyncExitStack()
        try:
            folder = held.enter_context(stack_folder())
            up = await held.enter_async_context(stack(self._options, folder))
            client = await held.enter_async_context(ProverClient(up.prover_url))
        except BaseException:
            await held.aclose()
            raise
        self._held, self._up, self._client = held, up, client
        self._watching = asyncio.create_task(self._watch(up))

    async def _watch(self, up: Stack) -> None:
        why = await up.ended()
        async with self._changing:
            self._why = why
            self.lost += 1
            # What its other services say from now on is said without the one that died.
            await self._end()

    async def _end(self) -> None:
        self._spent_s += self._running_s()
        held, self._held = self._held, contextlib.AsyncExitStack()
        self._up = self._client = None
        await held.aclose()


@contextlib.asynccontextmanager
async def a_server(url: str, patience_s: float = 0.0) -> AsyncIterator[ServerProver]:
    """The prover at an address.

    Args:
        url: the address.
        patience_s: how long it is waited for.

    Raises:
        StackError: it is not there.
    """
    async with ProverClient(url) as client:
        why = await _until(client.ready, patience_s)
        if why:
            raise StackError(why)
        yield ServerProver(client)


async def model_problem(url: str, prompt: str = "", printing: str = "") -> str:
    """Why the model at an address cannot be used; empty when it can.

    Args:
        url: its server's.
        prompt: the layout that it will be asked in; empty for any.
        printing: how goals will be printed for it; empty for any.
    """
    try:
        async with ModelClient(url) as client:
            served = await client.served()
            check_printing(served, printing)
    except ModelError as error:
        return str(error)
    if prompt and served.layouts and prompt not in served.layouts:
        return f"the model {served.name!r} was made for the prompt {' or '.join(served.layouts)}, not {prompt}."
    return ""


async def _until(asked: Callable[[], Awaitable[str]], patience_s: float) -> str:
    end = time.monotonic() + patience_s
    while True:
        why = await asked()
        if not why or time.monotonic() > end:
            return why
        await asyncio.sleep(_POLL_S)


def _cpu_s(pid: int) -> float:
    """CPU seconds of a process itself; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS
