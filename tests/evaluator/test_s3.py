"""Parts in an object store: a local server that speaks S3.

Needs s3fs and moto's server, which are in no requirement of the tests: they bind botocore's version.
"""

import contextlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evaluator.store import ExperimentStore, StoreError
from evaluator.store.merge import merge
from evaluator.store.parts import Folder, PartWriter, parts

from .test_parts import held, write, writer
from .test_store import FULL

HOW = "pip install 'palmetto[s3]' 'moto[server]'"
pytest.importorskip("s3fs", reason=f"s3fs is not installed: {HOW}")
pytest.importorskip("moto.server", reason=f"moto's server is not installed: {HOW}")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The server's address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/"):
                break
            assert server.poll() is None
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait()


@pytest.fixture
def bucket(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket, reached as fsspec reaches S3 by default."""
    import s3fs

    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3fs.S3FileSystem.clear_instance_cache()
    urllib.request.urlopen(urllib.request.Request(f"{address}/moto-api/reset", method="POST")).close()
    s3fs.S3FileSystem().mkdir("evaluation")
    yield "s3://evaluation/some/place"
    s3fs.S3FileSystem.clear_instance_cache()


def test_shards_in_a_bucket_are_merged(bucket: str, tmp_path: Path) -> None:
    everything = [replace(FULL, theorem=f"t{number}", index=0) for number in range(9)]
    for shard in range(3):
        write(bucket, everything[shard * 3 : shard * 3 + 4], f"{shard}/3")
    assert {part.experiment for part in parts(Folder(bucket))} == {"e"}
    with ExperimentStore.open(tmp_path / "e.sqlite") as store:
        told = merge(store, [bucket])["e"]
        assert (told.parts, told.records) == (3, 11)
        assert merge(store, [bucket, bucket])["e"].taken == 0
    assert {one.key for one in held(tmp_path / "e.sqlite")} == {one.key for one in everything}
    assert held(tmp_path / "e.sqlite")[0].events == FULL.events


def test_what_others_wrote_meanwhile_is_seen(bucket: str) -> None:
    folder = Folder(bucket)
    assert folder.names() == []
    write(bucket, [FULL])
    assert len(folder.names()) == 1


def test_a_bucket_that_is_not_there_is_one_sentence(bucket: str) -> None:
    with pytest.raises(StoreError, match="s3://no-such-bucket/x cannot be written"):
        Folder("s3://no-such-bucket/x").probe("e")
    one = PartWriter(Folder("s3://no-such-bucket/x"), "e", {}, {}, "0/1")
    one.add(FULL)
    assert "cannot be written" in one.try_flush([])
    assert one.waiting == 1
    fine = writer(bucket)
    fine.add(FULL)
    assert fine.try_flush([]) == ""
