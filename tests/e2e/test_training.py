"""From proofs to a model that proves: extract, train, serve, prove, all by the command line."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

pytest.importorskip("torch", reason="torch is not installed: `make models`", exc_type=ImportError)
pytest.importorskip("accelerate", reason="accelerate is not installed: `make models`", exc_type=ImportError)

PALMETTO = str(Path(sys.executable).parent / "palmetto")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(*arguments: object, statuses: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(
        [PALMETTO, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=550, env=os.environ
    )
    assert done.returncode in statuses, done.stderr
    return done.stdout


@contextmanager
def served(checkpoint: Path) -> Iterator[str]:
    argv = [
        PALMETTO,
        "serve",
        "model-server",
        "--backend",
        "hf",
        "--checkpoint",
        str(checkpoint),
        "--listen",
        "127.0.0.1:0",
    ]
    server = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    try:
        for line in server.stderr:
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                break
        else:
            pytest.fail("the model server did not start")
        yield found[0] if found[0].endswith("/v1") else f"{found[0]}/v1"
    finally:
        server.terminate()
        server.wait(30)
        server.stderr.close()


@pytest.mark.timeout(900)
def test_what_a_model_was_trained_on_it_proves(tmp_path: Path) -> None:
    project = tmp_path / "logic"
    project.mkdir()
    shutil.copyfile(EXAMPLES / "Logic.v", project / "Logic.v")
    (project / "_CoqProject").write_text("-Q . LogicExamples\nLogic.v\n")
    run("extract", project, "--out", tmp_path / "data")
    rows = json.loads((tmp_path / "data" / "train.json").read_text())
    assert len(rows) >= 6

    numbers = ("--epochs", "120", "--lr", "0.003", "--batch", "8", "--max-length", "512", "--checkpoint-steps", "1000")
    said = run("train", "--data", tmp_path / "data", "--base", "tiny", "--out", tmp_path / "model", *numbers)
    assert re.search(rf"on {len(rows)} examples, loss [\d.]+ to 0\.\d+", said), said

    with served(tmp_path / "model") as url:
        card = httpx2.get(f"{url}/models", timeout=30).json()["data"][0]["palmetto"]
        assert card["printing"] == "default"
        told = run(
            *("prove", project, "--model", url, "--samples", "1", "--no-backtrack", "--no-hammer", "--no-retrieval"),
            *("--budget", "20", "--json"),
            statuses=(0, 1),
        )
    found = {row["theorem"]: row for row in map(json.loads, told.splitlines())}
    learnt = {row["theorem"].rpartition(".")[2]: row["proof"] for row in rows}
    assert set(learnt) <= set(found)
    assert [name for name in learnt if found[name]["verdict"] != "PROVED"] == []
    # Some are proved before a model is asked. What is not came out of the model, as it was learnt.
    by_model = [name for name in learnt if found[name]["how"] == "model"]
    assert len(by_model) >= 3, {name: found[name]["how"] for name in learnt}
    for name in by_model:
        assert " ".join(learnt[name].split()) in " ".join(found[name]["script"].split())
