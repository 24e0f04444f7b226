"""Questions that mean nothing, indexes that are not there, damaged, or of another version."""

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import grpc
import pytest

from retriever.client import (
    InvalidQuestionError,
    Kind,
    NotIndexedError,
    Position,
    Question,
    RetrieverError,
    SyncRetrieverClient,
    UnavailableError,
)
from retriever.index.place import CURRENT, current_pack, unit_folders

from ..coq_checker.servers import PALMETTO
from .servers import RetrieverProcess, start_retriever

ASKED = Question("1 = 1", position=Position("examples", "Arith.v", 100), k=5)


def refused(client: SyncRetrieverClient, question: Question, kind: type[RetrieverError], *says: str) -> None:
    with pytest.raises(kind) as caught:
        client.retrieve(question)
    for part in says:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_goal(retriever: SyncRetrieverClient) -> None:
    refused(retriever, Question(" \n "), InvalidQuestionError, "empty")


@pytest.mark.parametrize("k", [1001, 4_000_000_000])
def test_k_out_of_range(retriever: SyncRetrieverClient, k: int) -> None:
    refused(retriever, Question("1 = 1", k=k), InvalidQuestionError, str(k), "1 to 1000")


def test_a_goal_beyond_all_measure(retriever: SyncRetrieverClient) -> None:
    refused(retriever, Question("x " * 2_000_000), InvalidQuestionError, "longer than")


def test_unknown_project(retriever: SyncRetrieverClient) -> None:
    refused(retriever, Question("1 = 1", position=Position("nowhere")), NotIndexedError, "palmetto index nowhere")


def test_unknown_file(retriever: SyncRetrieverClient) -> None:
    question = Question("1 = 1", position=Position("examples", "No.v"))
    refused(retriever, question, NotIndexedError, "'No.v'", "palmetto index examples")


def test_unknown_library(retriever: SyncRetrieverClient) -> None:
    goal = "forall n m : nat, n + m = m + n"
    known = retriever.retrieve(Question(goal, position=Position(requires=("Coq.Arith.PeanoNat",)), k=5))
    assert known.missing_libraries == ()
    found = retriever.retrieve(Question(goal, position=Position(requires=("No.Such", "Coq.Arith.PeanoNat")), k=5))
    assert found.missing_libraries == ("No.Such",)
    assert found.premises == known.premises


def test_a_file_without_a_project(retriever: SyncRetrieverClient) -> None:
    refused(retriever, Question("1 = 1", position=Position(file="A.v")), InvalidQuestionError, "project")


def test_a_byte_behind_the_file_is_its_end(retriever: SyncRetrieverClient) -> None:
    answer = retriever.retrieve(Question("1 = 1", position=Position("examples", "Arith.v", 4_000_000_000), k=5))
    assert len(answer.premises) == 5


def test_unknown_kind_and_bytes_that_are_no_message(retriever_server: RetrieverProcess) -> None:
    path = "/palmetto.retriever.v1.RetrieverService/Retrieve"
    with grpc.insecure_channel(retriever_server.address) as channel:
        call: Any = channel.unary_unary(path)
        # goal = "x" and kind 9; then bytes of no message.
        for content, says in ((b"\x0a\x01x\x22\x01\x09", "kind 9"), (b"\xff\xff\xff", "not a message")):
            with pytest.raises(grpc.RpcError) as caught:
                call(content, timeout=10)
            error: Any = caught.value
            assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert says in error.details()


def test_too_many_questions(indexed: Path) -> None:
    server = start_retriever(max_batch=2, indexes=indexed)
    try:
        with SyncRetrieverClient(server.address) as client:
            with pytest.raises(InvalidQuestionError, match="at most 2"):
                client.retrieve_batch([ASKED] * 3)
            assert len(client.retrieve_batch([ASKED] * 2)) == 2
    finally:
        assert server.stop() == 0


def test_no_indexes_at_all(tmp_path: Path) -> None:
    server = start_retriever("--preload", "examples", indexes=tmp_path / "none")
    try:
        with SyncRetrieverClient(server.address) as client:
            assert client.indexes() == []
            refused(client, ASKED, NotIndexedError, "palmetto index examples")
            refused(client, Question("1 = 1"), NotIndexedError, "palmetto index")
    finally:
        assert server.stop() == 0


def folder_of(root: Path, name: str) -> Path:
    """The index of that name; other checkouts may have left theirs in the cache that was copied."""
    named = [one for one in unit_folders(root) if one.name.startswith(f"{name}-")]
    *others, newest = sorted(named, key=lambda one: (one / CURRENT).stat().st_mtime)
    for one in others:
        shutil.rmtree(one)
    return newest


def pack_of(root: Path, name: str) -> Path:
    pack = current_pack(folder_of(root, name))
    assert pack is not None
    return pack


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone", "manifest", "version"])
def test_a_damaged_index_is_named(copied: Path, damage: str) -> None:
    pack = pack_of(copied, "examples")
    arrays, manifest = pack / "arrays.bin", pack / "manifest.json"
    if damage == "flipped":
        flip(arrays)
    elif damage == "cut":
        arrays.write_bytes(arrays.read_bytes()[:1000])
    elif damage == "gone":
        arrays.unlink()
    elif damage == "manifest":
        manifest.write_text("{")
    else:
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": 999}))
    server = start_retriever(indexes=copied)
    try:
        with SyncRetrieverClient(server.address) as client:
            says = ["format 999"] if damage == "version" else ["damaged"]
            refused(client, ASKED, NotIndexedError, *says, "palmetto index examples")
            # The others go on.
            goal = Question("1 = 1", position=Position(requires=("Coq.Arith.PeanoNat",)), kinds=tuple(Kind), k=3)
            assert len(client.retrieve(goal).premises) == 3
    finally:
        assert server.stop() == 0
        assert server.events("internal fault") == []


def test_an_index_that_comes_later_is_seen(copied: Path) -> None:
    folder = folder_of(copied, "examples")
    away = copied.parent / "away"
    folder.rename(away)
    server = start_retriever(indexes=copied)
    try:
        with SyncRetrieverClient(server.address) as client:
            refused(client, ASKED, NotIndexedError, "palmetto index examples")
            away.rename(folder)
            deadline = time.monotonic() + 30
            while "examples" not in {one.name for one in client.indexes()}:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert len(client.retrieve(ASKED).premises) == 5
    finally:
        assert server.stop() == 0


def test_a_server_that_is_not_there() -> None:
    with SyncRetrieverClient("127.0.0.1:1") as client, pytest.raises(UnavailableError):
        client.retrieve(ASKED, timeout_s=20)


def test_addresses_that_cannot_be_used(retriever_server: RetrieverProcess) -> None:
    for arguments, says in (
        (["--listen", retriever_server.address], "cannot listen"),
        (["--listen", "127.0.0.1:0", "--metrics", "nonsense"], "metrics"),
    ):
        done = subprocess.run(
            [PALMETTO, "serve", "retriever", *arguments], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert line.startswith("palmetto: ")
        assert says in line
