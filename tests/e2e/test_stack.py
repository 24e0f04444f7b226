"""The whole stack, from the command line: processes of their own, real Coq, real sockets."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psutil
import pytest

from ..coq_checker.servers import EXAMPLES, PALMETTO

START_S = 120


def palmetto(*arguments: str, timeout_s: float = 240) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(PALMETTO), *arguments], capture_output=True, text=True, timeout=timeout_s, check=False)


@contextmanager
def up(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    process = subprocess.Popen(
        [str(PALMETTO), "up", "--port", "0", "--project", f"examples={EXAMPLES}", *arguments],
        stderr=subprocess.PIPE,
        text=True,
    )
    lines: list[str] = []
    assert process.stderr is not None
    threading.Thread(target=lambda: lines.extend(process.stderr or []), daemon=True).start()
    try:
        for _ in range(START_S * 10):
            found = re.search(r"ready: (\S+)", "".join(lines))
            if found or process.poll() is not None:
                break
            time.sleep(0.1)
        assert found, lines
        yield process, found[1], lines
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest.fixture(scope="module")
def prover_url() -> Iterator[str]:
    """One stack for the tests that only ask it."""
    with up() as (process, url, _):
        yield url
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def test_ctrl_c_ends_all_of_it() -> None:
    with up() as (process, url, lines):
        family = psutil.Process(process.pid).children(recursive=True)
        assert httpx2.get(f"{url}/readyz", timeout=30).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, lines
        _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []


def test_a_killed_parent_takes_all_with_it() -> None:
    with up() as (process, _, _lines):
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == []


def test_a_service_that_dies_ends_the_stack_with_a_sentence() -> None:
    with up() as (process, _, lines):
        checker = next(
            one for one in psutil.Process(process.pid).children() if "coq-checker" in " ".join(one.cmdline())
        )
        os.kill(checker.pid, signal.SIGKILL)
        assert process.wait(60) == 2
        time.sleep(0.5)
        assert "coq-checker ended" in "".join(lines)


def test_prove_a_file_and_print_a_table(prover_url: str) -> None:
    done = palmetto("prove", str(EXAMPLES / "Logic.v"), "--server", prover_url, "--budget", "4")
    assert "theorems proved" in done.stdout
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1), done.stderr


def test_prove_one_theorem_as_json(prover_url: str) -> None:
    done = palmetto("prove", "examples", "--theorem", "snoc_app", "--json", "--server", prover_url)
    assert done.returncode == 0, done.stderr
    (row,) = map(json.loads, done.stdout.splitlines())
    assert (row["theorem"], row["verdict"]) == ("snoc_app", "PROVED")
    assert row["script"].endswith("Qed.")
    assert {"cpu_s", "wall_s", "how"} <= set(row)


def test_theorems_of_one_name_are_told_apart(tmp_path: Path) -> None:
    project = tmp_path / "twice"
    project.mkdir()
    (project / "_CoqProject").write_text("-Q . Twice\nA.v\n")
    (project / "A.v").write_text("Lemma dup : 1 = 2.\nAbort.\nLemma dup : 3 = 3.\nProof. reflexivity. Qed.\n")
    done = palmetto("prove", str(project), "--json", "--budget", "2")
    rows = {row["theorem"]: row["verdict"] for row in map(json.loads, done.stdout.splitlines())}
    assert set(rows) == {"dup#0", "dup#1"}
    assert rows["dup#0"] != "PROVED"
    assert rows["dup#1"] == "PROVED"
    assert done.returncode == 1
    done = palmetto("prove", str(project), "--json", "--budget", "2", "--theorem", "dup#0")
    (row,) = map(json.loads, done.stdout.splitlines())
    assert row["verdict"] != "PROVED"


def test_prove_what_cannot_be(prover_url: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.v"
    wrong.write_text("Lemma wrong : 1 = 2.\nAdmitted.\n")
    done = palmetto("prove", str(wrong), "--budget", "2", "--json", "--server", prover_url)
    assert done.returncode == 1
    assert json.loads(done.stdout)["verdict"] in ("NOT_PROVED", "TIMEOUT")
    wrong.write_text("Lemma wrong : nothing_known.\nAdmitted.\n")
    done = palmetto("prove", str(wrong), "--server", prover_url)
    assert done.returncode == 2
    assert "nothing_known" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("prove", "no_such_file.v"), "cannot be read"),
        (("prove", "no_such_project"), "no project"),
        (("prove", "examples", "--theorem", "nothing"), "no theorem 'nothing'"),
        (("prove", "examples", "--server", "http://127.0.0.1:9"), "does not answer"),
        (("prove", "examples", "--server", "http://127.0.0.1:9", "--model", "http://a/v1"), "has its model already"),
        (("prove", "examples", "--model", "http://"), "no address of a model server"),
        (("prove", "examples", "--model", "gpt"), "there is no model 'gpt': give `neighbours`, `replay:DIR`"),
        (("prove", "examples", "--model", "replay:"), "there is no model 'replay:'"),
        (("fill", "no_such_file.v"), "cannot be read"),
    ],
)
def test_what_cannot_run_is_said_in_a_sentence(arguments: tuple[str, ...], says: str) -> None:
    done = palmetto(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_fill_prints_a_diff_and_writes(prover_url: str, tmp_path: Path) -> None:
    file = tmp_path / "open.v"
    text = "Require Import Arith.\nLemma a (n : nat) : n + 0 = n.\nAdmitted.\nLemma b : 1 = 2.\nAdmitted.\n"
    file.write_text(text)
    done = palmetto("fill", str(file), "--budget", "3", "--server", prover_url)
    assert done.returncode == 1
    assert "-Admitted." in done.stdout
    assert "1 of 2 filled" in done.stderr
    assert file.read_text() == text
    done = palmetto("fill", str(file), "--write", "--theorem", "a", "--server", prover_url)
    assert done.returncode == 0, done.stderr
    assert file.read_text().count("Admitted") == 1
    checked = palmetto("check", str(file), "--theorem", "a")
    assert checked.returncode == 0, checked.stdout
