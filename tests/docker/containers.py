"""Containers as people run them: nothing may be written, no capability, a user that is nobody."""

import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .machine import run

HARDENED = (
    "--read-only",
    "--cap-drop",
    "ALL",
    "--security-opt",
    "no-new-privileges",
    "--user",
    "10001",
    "--tmpfs",
    "/tmp",
)
START_S = 120.0


@dataclass(frozen=True, slots=True)
class Container:
    """One that runs."""

    name: str

    def inspect(self) -> dict[str, Any]:
        found: list[dict[str, Any]] = json.loads(run("podman", "container", "inspect", self.name).stdout)
        return found[0]

    def address(self, network: str | None = None) -> str:
        """Where this machine reaches it."""
        networks = self.inspect()["NetworkSettings"]["Networks"]
        one = networks[network] if network else next(iter(networks.values()))
        return str(one["IPAddress"])

    def execute(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return run("podman", "exec", self.name, *command, check=check)

    def logs(self) -> str:
        done = run("podman", "logs", self.name, check=False)
        return done.stdout + done.stderr

    def healthy(self) -> bool:
        """Asks the image's own health check, as an engine does from time to time."""
        return run("podman", "healthcheck", "run", self.name, check=False).returncode == 0

    def running(self) -> bool:
        return bool(self.inspect()["State"]["Running"])

    def wait_healthy(self, for_s: float = START_S) -> None:
        end = time.monotonic() + for_s
        while not self.healthy():
            assert self.running(), f"{self.name} ended:\n{self.logs()}"
            assert time.monotonic() < end, f"{self.name} is not healthy after {for_s:.0f} s:\n{self.logs()}"
            time.sleep(0.5)

    def wait_ended(self, for_s: float) -> int:
        """Its status."""
        end = time.monotonic() + for_s
        while self.running():
            assert time.monotonic() < end, f"{self.name} runs after {for_s:.0f} s:\n{self.logs()}"
            time.sleep(0.5)
        return int(self.inspect()["State"]["ExitCode"])

    def stop(self) -> int:
        """Ends it as engines do, with SIGTERM first. Its status."""
        run("podman", "stop", "--time", "60", self.name)
        return int(self.inspect()["State"]["ExitCode"])


@contextmanager
def container(name: str, image: str, *options: str, command: Sequence[str] = ()) -> Iterator[Container]:
    """A container, for as long as the block lasts."""
    run("podman", "rm", "--force", "--ignore", "--time", "0", name)
    run("podman", "run", "--detach", "--name", name, *HARDENED, *options, image, *command)
    try:
        yield Container(name)
    finally:
        run("podman", "rm", "--force", "--ignore", "--time", "0", name)


def once(
    image: str, *command: str, options: Sequence[str] = (), check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Runs a container to its end."""
    return run("podman", "run", "--rm", "--no-healthcheck", *HARDENED, *options, image, *command, check=check)
