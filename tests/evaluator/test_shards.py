"""Waiting: for shards by their parts, and for a prover that is not ready yet."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from evaluator.causes import INFRASTRUCTURE, MODEL_DOWN
from evaluator.record import Record
from evaluator.store import Run
from evaluator.store.parts import Folder, PartWriter
from evaluator.store.shards import wait_for_shards
from palmetto.evaluation.provers import a_server
from palmetto.stack import StackError

from .evaluating import project, run
from .test_store import FULL


def part(folder: Path, shard: str, *records: Record, ended: bool = True) -> None:
    writer = PartWriter(Folder(str(folder)), "e", {"model": "m"}, {"p": {"folder": "/x", "content": "1"}}, shard)
    for record in records:
        writer.add(replace(record, shard=shard))
    writer.flush([Run(f"{shard} {len(records)} {ended}", shard, "2026-01-01", ended=ended)])


def missing(folder: Path, shards: int) -> int:
    return wait_for_shards([str(folder)], "e", shards, 0.0, lambda _: None)


def test_a_shard_has_ended_when_its_part_says_so(tmp_path: Path) -> None:
    assert missing(tmp_path, 2) == 2
    part(tmp_path, "0/2", FULL)
    part(tmp_path, "1/2", replace(FULL, theorem="u"), ended=False)
    part(tmp_path, "1/3", replace(FULL, theorem="v"))
    assert missing(tmp_path, 2) == 1
    part(tmp_path, "1/2")
    assert missing(tmp_path, 2) == 0


@pytest.mark.parametrize("cause", [INFRASTRUCTURE, MODEL_DOWN])
def test_a_shard_that_will_be_tried_again_has_not_ended(tmp_path: Path, cause: str) -> None:
    down = replace(FULL, verdict="ERROR", cause=cause, started_at="2026-01-01")
    part(tmp_path, "0/1", down, replace(FULL, theorem="u"))
    assert missing(tmp_path, 1) == 1
    part(tmp_path, "0/1", replace(FULL, started_at="2026-01-02"))
    assert missing(tmp_path, 1) == 0


def test_an_empty_shard_says_that_it_has_ended(tmp_path: Path) -> None:
    small = project(tmp_path / "small", A="Lemma a : True. Proof. exact I. Qed.\n")
    out = tmp_path / "out"
    empty = []
    for number in range(2):
        store = tmp_path / f"{number}.sqlite"
        names = ("--proj", str(small), "--exp-name", "e", "--shard", f"{number}/2", "--out", str(out))
        # The one that has the theorem finds no prover; the other one asks none.
        done = run(*names, "--server", "http://127.0.0.1:9", store=store)
        assert done.returncode in (0, 1), done.stderr
        if done.returncode == 0:
            empty.append(number)
    assert len(empty) == 1
    assert missing(out, 2) == 1


class _Starting(BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        code, text = (200, "{}") if self.asked > 2 else (503, json.dumps({"error": {"message": "it starts."}}))
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def starting() -> Iterator[str]:
    """A prover that is ready when it is asked for the third time."""
    _Starting.asked = 0
    server = HTTPServer(("127.0.0.1", 0), _Starting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_prover_is_waited_for_where_there_is_patience(starting: str) -> None:
    async def ask(patience_s: float) -> None:
        async with a_server(starting, patience_s):
            pass

    with pytest.raises(StackError, match="it starts"):
        asyncio.run(ask(0))
    asyncio.run(ask(60))
    assert _Starting.asked == 3
