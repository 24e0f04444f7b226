"""What a host of MCP servers does: starts `palmetto mcp`, and talks to it with the SDK's client."""

import asyncio
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_types import CallToolResult, TextContent

from ...coq_checker.servers import PALMETTO

START_S = 120.0
# More than any search finds, and it takes all its budget.
HARD = "Lemma hard (f : nat -> nat) : (forall n, f (f n) < f (S n)) -> forall n, f n = n."


@dataclass(frozen=True, slots=True)
class StackAddresses:
    """Where the services of a running stack listen."""

    prover: str
    checker: str
    retriever: str

    @property
    def arguments(self) -> tuple[str, ...]:
        return ("--server", self.prover, "--checker", self.checker, "--retriever", self.retriever)

    def attempts(self) -> float:
        """Attempts that the prover works on."""
        text = httpx2.get(f"{self.prover}/metrics", timeout=30).text
        found = re.search(r"^palmetto_prover_attempts (\S+)$", text, re.M)
        assert found is not None
        return float(found[1])


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PALMETTO_MCP_")}
    return {**kept, **more}


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


class Host:
    """A client of one server, for tests that are not asynchronous."""

    def __init__(self, portal: BlockingPortal, client: Client) -> None:
        self._portal = portal
        self.client = client

    def call(self, tool: str, **arguments: Any) -> CallToolResult:
        async def call() -> CallToolResult:
            return await self.client.call_tool(tool, arguments)

        return self._portal.call(call)

    def ok(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured answer, which the client has compared with the tool's schema."""
        result = self.call(tool, **arguments)
        assert not result.is_error, text_of(result)
        found = result.structured_content
        assert isinstance(found, dict)
        return found

    def error(self, tool: str, **arguments: Any) -> str:
        """What the tool says is wrong: one sentence."""
        result = self.call(tool, **arguments)
        assert result.is_error, result.structured_content
        said = text_of(result)
        assert said.endswith((".", "?", "`")) and "Traceback" not in said and "Error executing" not in said, said
        return said

    def together(self, *calls: tuple[str, dict[str, Any]]) -> list[CallToolResult]:
        """Several calls at one time."""

        async def all_of_them() -> list[CallToolResult]:
            return await asyncio.gather(*(self.client.call_tool(name, arguments) for name, arguments in calls))

        return self._portal.call(all_of_them)

    def tools(self) -> dict[str, Any]:
        listed = self._portal.call(self.client.list_tools)
        return {one.name: one for one in listed.tools}


def stdio(log: Path, *arguments: str, **settings: str) -> Any:
    """The transport to a server of one's own."""
    given = StdioServerParameters(command=str(PALMETTO), args=["mcp", *arguments], env=environment(**settings))
    return stdio_client(given, errlog=log.open("a"))


@contextmanager
def hosted(server: Any, mode: str = "auto") -> Iterator[Host]:
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Client(server, mode=mode)) as client,
    ):
        yield Host(portal, client)


@asynccontextmanager
async def connected(server: Any, mode: str = "auto") -> AsyncIterator[Client]:
    async with Client(server, mode=mode) as client:
        yield client


class HttpServer:
    """A `palmetto mcp --http` that is up."""

    def __init__(self, *arguments: str, listen: str = "127.0.0.1:0", **settings: str) -> None:
        argv = [str(PALMETTO), "mcp", "--http", listen, *arguments]
        self.process = subprocess.Popen(argv, env=environment(**settings), stderr=subprocess.PIPE, text=True)
        self.lines: list[str] = []
        assert self.process.stderr is not None
        self.url = ""
        for line in self.process.stderr:
            self.lines.append(line)
            if found := re.search(r"MCP at (\S+)", line):
                self.url = found[1]
                break
        assert self.url, self.lines
        threading.Thread(target=lambda: self.lines.extend(self.process.stderr or []), daemon=True).start()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def wait_for(what: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Whether it becomes so."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.1)
    return what()


def servers_of(process: psutil.Process) -> list[psutil.Process]:
    """The `palmetto mcp` processes that it started."""
    found = []
    for child in process.children():
        try:
            if "mcp" in child.cmdline()[1:4]:
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found
