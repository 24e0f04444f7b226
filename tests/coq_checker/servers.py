"""Checker services as processes of their own, the way people run them."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PALMETTO = Path(sys.executable).with_name("palmetto")
START_S = 90.0

# A proof that takes gigabytes and does not end; Coq looks for no interrupt while it runs.
DIVERGING = "Proof. assert (H : Nat.pow 3 30 = 0) by (vm_compute; reflexivity). exact H. Qed."
# A loop of tactics: it never ends, and takes no memory.
LOOPING = "Proof. do 1000000000 (try fail). Qed."


@dataclass(slots=True)
class ServerProcess:
    """A `palmetto serve coq-checker` that is up.

    Attributes:
        process: it.
        logs: its log lines as objects; grows while it runs.
        raw: what it printed that is no log line.
    """

    process: subprocess.Popen[str]
    logs: list[dict[str, Any]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    _reader: threading.Thread | None = None

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def address(self) -> str:
        return str(self._serving["address"])

    @property
    def metrics_port(self) -> int:
        return int(self._serving["metrics_port"])

    @property
    def _serving(self) -> dict[str, Any]:
        return next(line for line in self.logs if line["event"] == "serving")

    def events(self, name: str) -> list[dict[str, Any]]:
        return [line for line in self.logs if line["event"] == name]

    def coqs(self) -> list[psutil.Process]:
        """Its Coq processes that live: bases and workers."""
        found = []
        for child in psutil.Process(self.pid).children(recursive=True):
            try:
                if child.name().startswith(("coqtop", "rocq", "sertop")) and child.status() != psutil.STATUS_ZOMBIE:
                    found.append(child)
            except psutil.NoSuchProcess:
                continue
        return found

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self, timeout_s: float = 60.0) -> int:
        status = self.process.wait(timeout_s)
        if self._reader is not None:
            self._reader.join(10)
        return status

    def stop(self) -> int:
        """Ends it the orderly way and returns its exit status."""
        if self.process.poll() is None:
            self.terminate()
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            try:
                self.logs.append(json.loads(line))
            except ValueError:
                self.raw.append(line)


def start_server(
    *projects: str,
    cwd: Path | None = None,
    wrapped: Sequence[str] = (),
    environment: Mapping[str, str] = os.environ,
    **settings: object,
) -> ServerProcess:
    """Starts a service and waits until it serves.

    Args:
        projects: NAME=DIR each.
        cwd: its working directory.
        wrapped: what becomes the server's command, and is given it.
        environment: its own, in which no settings count but the given ones.
        settings: by their names in the settings, `slots=1` for PALMETTO_CHECKER_SLOTS=1.
    """
    environment = {name: value for name, value in environment.items() if not name.startswith("PALMETTO_CHECKER_")}
    listen = str(settings.pop("listen", "127.0.0.1:0"))
    environment |= {f"PALMETTO_CHECKER_{name.upper()}": str(value) for name, value in settings.items()}
    argv = [*wrapped, str(PALMETTO), "serve", "coq-checker", "--listen", listen, "--metrics", "127.0.0.1:0"]
    for project in projects:
        argv += ["--project", project]
    process = subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment, cwd=cwd
    )
    server = ServerProcess(process)
    reader = threading.Thread(target=server._read, daemon=True)
    reader.start()
    server._reader = reader
    deadline = time.monotonic() + START_S
    while not server.events("serving"):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            reader.join(10)
            raise AssertionError(f"the server did not start: {''.join(server.raw)} {server.logs}")
        time.sleep(0.02)
    return server


def wait_until(what: str, holds: Any, timeout_s: float = 30.0) -> None:
    """Waits until `holds()` is true; the limit only ends a test that would hang."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, f"this did not come about: {what}"
        time.sleep(0.02)
