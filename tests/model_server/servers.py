"""Model servers as processes of their own, the way people run them, and bare HTTP to them."""

import asyncio
import contextlib
import json
import os
import subprocess
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

from model_server.server import ModelServerSettings, Running, running

from ..coq_checker.servers import PALMETTO

START_S = 90.0


class HttpTo:
    """Bare HTTP to a server."""

    @property
    def url(self) -> str:
        """Its base address."""
        raise NotImplementedError

    async def ask(self, path: str, body: Any, **headers: str) -> httpx2.Response:
        """What a POST is answered."""
        async with httpx2.AsyncClient(timeout=60) as http:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            return await http.post(f"{self.url}{path}", content=content, headers=headers)

    async def get(self, path: str) -> httpx2.Response:
        """What a GET is answered; the path begins at the root."""
        async with httpx2.AsyncClient(timeout=60) as http:
            return await http.get(f"{self.url.removesuffix('/v1')}{path}")


@dataclass(slots=True)
class ModelProcess(HttpTo):
    """A `palmetto serve model-server` that is up: the process, its log lines as objects, and what else it printed."""

    process: subprocess.Popen[str]
    logs: list[dict[str, Any]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    reader: threading.Thread | None = None

    @property
    def url(self) -> str:
        return str(self.events("serving")[0]["address"])

    def events(self, name: str) -> list[dict[str, Any]]:
        return [line for line in self.logs if line.get("event") == name]

    def stop(self) -> int:
        """Ends it the orderly way and returns its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.wait()

    def wait(self) -> int:
        """Waits until it has ended; its exit status."""
        status = self.process.wait(60)
        if self.reader is not None:
            self.reader.join(10)
        return status

    def read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            try:
                self.logs.append(json.loads(line))
            except ValueError:
                self.raw.append(line)


def environment_of(settings: dict[str, object]) -> dict[str, str]:
    """This process's environment with these settings of the model server, and no others."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("PALMETTO_MODEL_")}
    return found | {f"PALMETTO_MODEL_{name.upper()}": str(value) for name, value in settings.items()}


def start_model_server(*arguments: str, **settings: object) -> ModelProcess:
    """Starts a server and waits until it serves; settings by their names, `in_flight=1` and the like."""
    argv = [str(PALMETTO), "serve", "model-server", "--listen", "127.0.0.1:0", *arguments]
    process = subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment_of(settings)
    )
    server = ModelProcess(process)
    server.reader = threading.Thread(target=server.read, daemon=True)
    server.reader.start()
    deadline = time.monotonic() + START_S
    while not server.events("serving"):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            server.reader.join(10)
            raise AssertionError(f"the server did not start: {''.join(server.raw)} {server.logs}")
        time.sleep(0.02)
    return server


async def start_in_thread(*arguments: str, **settings: object) -> ModelProcess:
    """The same for tests that serve something themselves meanwhile."""
    return await asyncio.to_thread(start_model_server, *arguments, **settings)


@dataclass(slots=True)
class Inside(HttpTo):
    """A server in this process, on a socket of its own."""

    up: Running

    @property
    def url(self) -> str:
        return self.up.url


@contextlib.asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[Inside]:
    """A server in this process, up for as long as the block lasts."""
    async with running(ModelServerSettings(listen="127.0.0.1:0", **settings)) as up:
        yield Inside(up)
