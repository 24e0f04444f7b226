"""What the tests of images share: the images, built once, and how long that took."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from . import machine
from .dockerfiles import FOLDER, ROOT

SERVICES = ("coq-checker", "jobs", "retriever", "prover", "model-server")
TAG = "under-test"
_MEASURED: list[tuple[str, str, str]] = []


@dataclass(frozen=True, slots=True)
class Images:
    """The images that docker/build made."""

    seconds: dict[str, float]

    def __getitem__(self, name: str) -> str:
        """An image's reference in the store."""
        return f"localhost/palmetto/{name}:{TAG}"


@pytest.fixture(scope="session")
def store() -> None:
    """A store with the look-alike base. A machine without one was told so by `make test-images`."""
    try:
        machine.prepare()
    except machine.MachineError as error:
        pytest.skip(f"images cannot be built here: {error}")


@pytest.fixture(scope="session")
def images(store: None) -> Images:
    """All services' images, built by docker/build with buildah."""
    seconds = {}
    for name in SERVICES:
        begun = time.monotonic()
        build(name)
        seconds[name] = time.monotonic() - begun
        size = int(machine.run("podman", "image", "inspect", "--format", "{{.Size}}", f"palmetto/{name}:{TAG}").stdout)
        _MEASURED.append((name, f"{size / 1e6:.0f} MB", f"{seconds[name]:.0f} s"))
    return Images(seconds)


def build(name: str, *options: str) -> str:
    """Runs docker/build for an image; what it prints is the failure's text. Gives what it printed."""
    command = [
        str(FOLDER / "build"),
        "--engine",
        "buildah",
        "--tag",
        TAG,
        *options,
        name,
        "--",
        *machine.build_options(),
    ]
    done = subprocess.run(
        command, cwd=ROOT, env=machine.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        pytest.fail(f"{name} does not build:\n" + "\n".join(done.stdout.splitlines()[-40:]), pytrace=False)
    return done.stdout


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None] | None:
    """Sizes and times, where images were built."""
    if _MEASURED:
        terminalreporter.section("images")
        for name, size, seconds in _MEASURED:
            terminalreporter.write_line(f"{name:16} {size:>8}  built in {seconds} (what was built before is kept)")
    return None
