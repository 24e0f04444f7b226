"""What the tests of images share: the images, built once, and how long that took."""

import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from coq_checker.toolchain.recipe import RECIPES

from . import machine
from .dockerfiles import FOLDER, ROOT

CHECKERS = tuple(f"coq-checker-{toolchain}" for toolchain in RECIPES)
JOBS = tuple(f"jobs-{toolchain}" for toolchain in RECIPES)
# As docker/build has them: what the next one shares is there.
SERVICES = (*(one for pair in zip(CHECKERS, JOBS, strict=True) for one in pair), "retriever", "prover", "model-server")
TAG = "under-test"
# What coq-install says where the last of a toolchain's suites cannot give it.
_BROKEN = re.compile(
    rf"^coq-install: (?:{'|'.join(one.suites[-1] for one in RECIPES.values())}) cannot install .*$", re.M
)
_MEASURED: list[tuple[str, str, str]] = []


@dataclass(frozen=True, slots=True)
class Images:
    """The images that docker/build made.

    Attributes:
        missing: those that Debian has not the packages of today, and what was said.
    """

    missing: dict[str, str]

    def __getitem__(self, name: str) -> str:
        """An image's reference in the store; a test that needs what is missing is skipped."""
        if name in self.missing:
            pytest.skip(self.missing[name])
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
    missing = {}
    for name in SERVICES:
        begun = time.monotonic()
        done = run_build(name)
        if said := _BROKEN.search(done.stdout):
            missing[name] = f"{name} cannot be built today: {said[0]}"
            continue
        require_built(name, done)
        size = int(machine.run("podman", "image", "inspect", "--format", "{{.Size}}", f"palmetto/{name}:{TAG}").stdout)
        _MEASURED.append((name, f"{size / 1e6:.0f} MB", f"{time.monotonic() - begun:.0f} s"))
    return Images(missing)


def build(name: str, *options: str) -> None:
    """Runs docker/build for an image; what it prints is the failure's text."""
    require_built(name, run_build(name, *options))


def require_built(name: str, done: subprocess.CompletedProcess[str]) -> None:
    """Fails where an image was not built."""
    if done.returncode != 0:
        pytest.fail(f"{name} does not build:\n" + "\n".join(done.stdout.splitlines()[-40:]), pytrace=False)


def run_build(name: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs docker/build for an image."""
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
    return subprocess.run(
        command,
        cwd=ROOT,
        env=machine.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None] | None:
    """Sizes and times, where images were built."""
    if _MEASURED:
        terminalreporter.section("images")
        for name, size, seconds in _MEASURED:
            terminalreporter.write_line(f"{name:20} {size:>8}  built in {seconds} (what was built before is kept)")
    return None
