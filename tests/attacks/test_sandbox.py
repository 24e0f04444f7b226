"""Escapes tried inside a worker, with no gate before it: only the sandbox stands in the way."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from coq_checker.engine.api import Advanced, CoqEngine
from coq_checker.engine.start import engine_options, start_engine
from coq_checker.toolchain import SandboxMode, Toolchain

NAME = "palmetto-attack"
pytestmark = pytest.mark.asyncio(loop_scope="module")
PROJECT = Path(__file__).resolve().parents[2]

# Starts a session and a fork, says their process ids and those of all that they started, and waits.
SERVER = """
import asyncio, sys
from pathlib import Path
import psutil
from coq_checker.engine.start import engine_options, start_engine
from coq_checker.toolchain import find_toolchain

async def main():
    session = await start_engine(engine_options(find_toolchain()), Path(sys.argv[1]))
    fork = await session.fork()
    assert {session.pid, fork.pid} <= {child.pid for child in psutil.Process().children(recursive=True)}
    print(*[child.pid for child in psutil.Process().children(recursive=True)], flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def _needs_a_sandbox(toolchain: Toolchain) -> None:
    if toolchain.sandbox is SandboxMode.NONE:
        pytest.skip("PALMETTO_SANDBOX=none: the container around the tests is the sandbox")


@pytest_asyncio.fixture(loop_scope="module")
async def worker(toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CoqEngine]:
    """A fork, as candidates get it."""
    monkeypatch.setenv("PALMETTO_SECRET", "of the server alone")
    engine = await start_engine(engine_options(toolchain), tmp_path)
    try:
        yield await engine.fork()
    finally:
        engine.kill()


async def give(engine: CoqEngine, text: str, state: int | None = None) -> Advanced:
    return await engine.advance(engine.first if state is None else state, text.encode())


def places(tmp_path: Path) -> list[Path]:
    """Where the server's user can write, or where it would hurt."""
    return [PROJECT, Path.home(), Path("/"), Path("/etc"), Path("/usr/lib"), Path("/var/tmp"), tmp_path]


@pytest.mark.parametrize(
    "command",
    [
        'Redirect "{}" Print nat.',
        'Extraction "{}.ml" plus.',
        'Set Extraction Output Directory "{}". Separate Extraction plus.',
        'Print Universes "{}.dot".',
    ],
    ids=["redirect", "extraction", "extraction_directory", "universes"],
)
async def test_nothing_is_written_outside(worker: CoqEngine, command: str, tmp_path: Path) -> None:
    ready = await give(worker, "Require Import Coq.extraction.Extraction.")
    assert ready.through
    for place in places(tmp_path):
        done = await give(worker, command.format(place / NAME), ready.steps[-1].state)
        assert list(place.glob(f"{NAME}*")) == []
        # Below /tmp it is the worker's own tmp that was written to.
        assert done.error is not None or place.is_relative_to("/tmp"), place


async def test_private_tmp_can_be_written_and_is_not_ours(worker: CoqEngine) -> None:
    assert (await give(worker, f'Redirect "/tmp/{NAME}" Print nat.')).through
    assert Path(f"/proc/{worker.pid}/root/tmp/{NAME}.out").exists()
    assert not Path(f"/tmp/{NAME}.out").exists()


async def test_only_what_is_shared_can_be_loaded(worker: CoqEngine, toolchain: Toolchain, tmp_path: Path) -> None:
    (tmp_path / "leak").mkdir()
    secret = tmp_path / "leak" / "secret.v"
    secret.write_text("Definition leaked := I.\n")
    load = f'Load "{secret}". Check leaked.'
    assert (await give(worker, load)).error is not None
    options = engine_options(toolchain)
    other = await start_engine(replace(options, read_only=(*options.read_only, secret.parent)), tmp_path)
    try:
        assert (await give(other, load)).error is None
        assert (await give(other, f'Redirect "{secret.parent / NAME}" Print nat.')).error is not None
    finally:
        other.kill()


async def test_only_tmp_and_its_own_folder_are_writable(worker: CoqEngine, tmp_path: Path) -> None:
    writable = set()
    for line in Path(f"/proc/{worker.pid}/mounts").read_text().splitlines():
        _, point, kind, options, *_ = line.split()
        if "rw" in options.split(",") and kind not in ("proc", "devpts", "devtmpfs"):
            writable.add(point)
    own = {point for point in writable if Path(point).parent == tmp_path}
    devices = {point for point in writable if Path(point).is_relative_to("/dev") and Path(point) != Path("/dev")}
    assert "/tmp" in writable
    assert len(own) == 1
    assert writable - own - devices == {"/tmp"}


async def test_no_network(worker: CoqEngine) -> None:
    interfaces = Path(f"/proc/{worker.pid}/net/dev").read_text().splitlines()[2:]
    assert [line.partition(":")[0].strip() for line in interfaces] == ["lo"]


@pytest.mark.parametrize("namespace", ["net", "pid", "mnt", "ipc", "uts"])
async def test_namespaces_are_its_own(worker: CoqEngine, namespace: str) -> None:
    own = Path(f"/proc/self/ns/{namespace}").readlink()
    assert Path(f"/proc/{worker.pid}/ns/{namespace}").readlink() != own


async def test_no_privileges_and_no_secrets(worker: CoqEngine) -> None:
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{worker.pid}/status").read_text().splitlines() if ":\t" in line
    )
    assert [int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")] == [0, 0, 0]
    assert status["NoNewPrivs"].strip() == "1"
    assert b"PALMETTO_SECRET" not in Path(f"/proc/{worker.pid}/environ").read_bytes()


async def test_workers_die_with_a_killed_server(tmp_path: Path) -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    workers = [psutil.Process(int(pid)) for pid in (await server.stdout.readline()).split()]
    assert sum(one.name().startswith(("coqtop", "rocq")) for one in workers) == 2
    os.kill(server.pid, signal.SIGKILL)
    await server.wait()
    gone, alive = await asyncio.to_thread(psutil.wait_procs, workers, 60)
    assert alive == []
    assert len(gone) == len(workers)
