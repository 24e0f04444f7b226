"""The index of `examples`, built the way people build it, and a service over it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from retriever.client import SyncRetrieverClient
from retriever.index.place import index_folder, unit_folders

from ..coq_checker.servers import EXAMPLES, PALMETTO
from .servers import RetrieverProcess, start_retriever


@pytest.fixture(scope="session")
def indexed() -> Path:
    """The folder of indexes, with `examples` and the standard library in it (minutes the first time, then nothing)."""
    done = subprocess.run(
        [PALMETTO, "index", f"examples={EXAMPLES}"], capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr
    return index_folder()


@pytest.fixture(scope="session")
def retriever_server(indexed: Path) -> Iterator[RetrieverProcess]:
    """One service for the whole run. At its end it must have had no fault."""
    server = start_retriever()
    try:
        yield server
    finally:
        status = server.stop()
    assert status == 0
    assert server.events("internal fault") == []
    assert server.raw == []


@pytest.fixture(scope="session")
def retriever(retriever_server: RetrieverProcess) -> Iterator[SyncRetrieverClient]:
    """A blocking client of the service of the run."""
    with SyncRetrieverClient(retriever_server.address) as client:
        yield client


@pytest.fixture
def copied(indexed: Path, tmp_path: Path) -> Path:
    """A folder of indexes of one's own: `examples` copied, what it needs linked."""
    root = tmp_path / "index"
    for folder in unit_folders(indexed):
        target = root / folder.name
        target.mkdir(parents=True)
        for one in folder.iterdir():
            if folder.name.startswith("examples-") and one.is_dir():
                (target / one.name).mkdir()
                for file in one.iterdir():
                    (target / one.name / file.name).write_bytes(file.read_bytes())
            elif one.is_dir():
                (target / one.name).symlink_to(one)
            else:
                (target / one.name).write_bytes(one.read_bytes())
    return root
