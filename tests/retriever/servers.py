"""Retriever services as processes of their own, the way people run them."""

import json
import os
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from ..coq_checker.servers import PALMETTO

START_S = 60.0


@dataclass(slots=True)
class RetrieverProcess:
    """A `palmetto serve retriever` that is up: the process, its log lines as objects, and what else it printed."""

    process: subprocess.Popen[str]
    logs: list[dict[str, Any]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return str(self.events("serving")[0]["address"])

    @property
    def metrics_port(self) -> int:
        return int(self.events("serving")[0]["metrics_port"])

    def events(self, name: str) -> list[dict[str, Any]]:
        return [line for line in self.logs if line.get("event") == name]

    def stop(self) -> int:
        """Ends it the orderly way and returns its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(60)

    def read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            try:
                self.logs.append(json.loads(line))
            except ValueError:
                self.raw.append(line)


def start_retriever(*arguments: str, **settings: object) -> RetrieverProcess:
    """Starts a service and waits until it serves; settings by their names, `threads=1` and the like."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PALMETTO_RETRIEVER_")}
    environment |= {f"PALMETTO_RETRIEVER_{name.upper()}": str(value) for name, value in settings.items()}
    argv = [str(PALMETTO), "serve", "retriever", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", *arguments]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
    server = RetrieverProcess(process)
    threading.Thread(target=server.read, daemon=True).start()
    deadline = time.monotonic() + START_S
    while not server.events("serving"):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise AssertionError(f"the server did not start: {''.join(server.raw)} {server.logs}")
        time.sleep(0.02)
    return server
