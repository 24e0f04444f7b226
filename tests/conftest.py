"""What tests share: the toolchain, one checker service for the whole run, and its clients."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from coq_checker.client import CheckerClient, SyncCheckerClient
from coq_checker.engine.plugin.build import build_plugin
from coq_checker.toolchain import Toolchain, ToolchainError, find_toolchain
from palmetto.deaths import memory_kills

from .browser import browser  # noqa: F401
from .coq_checker.servers import EXAMPLES, ServerProcess, start_server

# Tests run beside each other: torch's threads, which wait for each other by spinning, would wait for those of others.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Coq 8.20 is what every engine runs, and what most figures are of. Where it has not been built, tests run on the
# default; those of the default itself take the variable away.
TESTED = "coq-8.20"
if not os.environ.get("PALMETTO_TOOLCHAIN"):
    with suppress(ToolchainError):
        os.environ["PALMETTO_TOOLCHAIN"] = find_toolchain(TESTED).name

SHARED = Path(os.environ.get("PALMETTO_SHARED", "../shared"))


# Files that take longest, in this order: a long one that is begun last leaves the other workers with nothing to do
# (`--no-loadscope-reorder` has pytest-xdist keep the order; its own is by how many tests a file has).
LONG = (
    "evaluator/test_run.py",
    "palmetto/mcp/test_tools.py",  # makes the index where there is none, which the others then find
    "trainer/test_xtuner_run.py",
    "e2e/test_stack.py",
    "trainer/test_xtuner_build.py",
    "trainer/test_train_command.py",
    "evaluator/test_matrix.py",
    "k8s/test_apply.py",
    "evaluator/test_corpora.py",
    "prover/test_prover.py",
    "coq_checker/test_features.py",
    "coq_checker/test_lifecycle.py",
    "coqdata/test_split_agrees_with_coq.py",
    "web/test_page.py",
    "web/test_proving.py",
    "extractor/test_command.py",
    "editors/test_vscode.py",
    "e2e/test_training.py",
    "palmetto/mcp/test_ends.py",
    "prover/test_neighbours.py",
)


def pytest_report_header() -> str:
    """Which Coq most tests run on."""
    return f"toolchain: {os.environ.get('PALMETTO_TOOLCHAIN', 'the default')}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files come first. Tests marked `shared` are skipped, and say so, where the corpora are not there."""
    order = {Path(__file__).parent / name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path, len(order)))
    if (SHARED / "corpora").is_dir():
        return
    missing = pytest.mark.skip(reason=f"no corpora under {SHARED}: set PALMETTO_SHARED to their folder")
    for item in items:
        if item.get_closest_marker("shared") is not None:
            item.add_marker(missing)


@pytest.fixture(scope="session", params=["coq-8.20", "rocq-9.2"])
def each_toolchain(request: pytest.FixtureRequest) -> Toolchain:
    """Every toolchain of Palmetto's own, with the engine compiled for it."""
    try:
        found = find_toolchain(request.param)
    except ToolchainError as error:
        pytest.skip(str(error))
    build_plugin(found)
    return found


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    """The Coq that the tests run."""
    return find_toolchain()


@pytest.fixture(scope="session")
def checker_server() -> Iterator[ServerProcess]:
    """One service for the whole run, with the project `examples`. At its end it must have had no fault."""
    server = start_server(f"examples={EXAMPLES}")
    try:
        yield server
    finally:
        status = server.stop()
    assert status == 0, f"of memory kills the kernel tells {memory_kills()} (None: nothing)"
    assert server.events("internal fault") == []
    assert server.raw == []


@pytest.fixture(scope="session")
def checker_address(checker_server: ServerProcess) -> str:
    """Where the service of the run listens."""
    return checker_server.address


@pytest.fixture(scope="session")
def checker(checker_address: str) -> Iterator[SyncCheckerClient]:
    """A blocking client of the service of the run."""
    with SyncCheckerClient(checker_address) as client:
        yield client


@pytest_asyncio.fixture
async def checker_async(checker_address: str) -> AsyncIterator[CheckerClient]:
    """An asynchronous client of the service of the run."""
    async with CheckerClient(checker_address) as client:
        yield client
