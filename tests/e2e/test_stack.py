"""The whole stack, from the command line: processes of their own, real Coq, real sockets."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from coq_checker.toolchain import ToolchainError, find_toolchain

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
        start_new_session=True,
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


def service(process: subprocess.Popen[str], name: str) -> psutil.Process | None:
    found = (one for one in psutil.Process(process.pid).children() if name in one.cmdline())
    return next(found, None)


def kill(process: subprocess.Popen[str], name: str) -> None:
    if (one := service(process, name)) is not None:
        with suppress(psutil.NoSuchProcess):
            one.kill()


def until(holds: Callable[[], object], lines: list[str]) -> None:
    for _ in range(1200):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError(lines)


class Asked:
    """Requests for a proof of what has none, under way."""

    def __init__(self, pool: ThreadPoolExecutor, url: str, budget_cpu_s: float) -> None:
        self._work = {"statement": HARD, "budget_cpu_s": budget_cpu_s, "hammer": False}
        self._url = url
        self.answers = [pool.submit(self._answer) for _ in range(3)]
        self.streams = [pool.submit(self._stream) for _ in range(3)]

    def _answer(self) -> httpx2.Response:
        return httpx2.post(f"{self._url}/v1/prove", json=self._work, timeout=400)

    def _stream(self) -> list[dict[str, Any]]:
        with httpx2.stream("POST", f"{self._url}/v1/prove", json={**self._work, "stream": True}, timeout=400) as answer:
            lines = [line.removeprefix("data:") for line in answer.iter_lines() if line.startswith("data:")]
        return [json.loads(line) for line in lines]

    def until_started(self, lines: list[str]) -> None:
        until(lambda: "palmetto_prover_attempts 6.0" in httpx2.get(f"{self._url}/metrics").text, lines)

    def all_ended_as_errors(self, status: int = 503) -> None:
        for answer in self.answers:
            told = answer.result(120)
            assert (told.status_code, told.headers["content-type"]) == (status, "application/problem+json")
            assert "send it again" in told.json()["detail"]
        for stream in self.streams:
            *_, finished, result = stream.result(120)
            assert (finished["kind"], finished["verdict"], result["verdict"]) == ("finished", "ERROR", "ERROR")
            assert "send it again" in finished["message"]


HARD = "Lemma hard (f : nat -> nat) : (forall n, f (n + 1) > f (f n)) -> f 7 = 8."


def test_attempts_go_on_when_the_checker_is_killed_and_started_anew() -> None:
    with up("--jobs", "2") as (process, url, lines), ThreadPoolExecutor(6) as pool:
        asked = Asked(pool, url, budget_cpu_s=4)
        asked.until_started(lines)
        kill(process, "coq-checker")
        until(lambda: "coq-checker is up again" in "".join(lines), lines)
        for answer in asked.answers:
            told = answer.result(300).json()
            assert told["verdict"] in ("NOT_PROVED", "TIMEOUT"), told
            assert told["cpu_s"] > 1
        for stream in asked.streams:
            assert stream.result(300)[-1]["verdict"] in ("NOT_PROVED", "TIMEOUT")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    said = "".join(lines)
    assert "the service coq-checker was killed by signal 9 (KILL)" in said
    assert "Traceback" not in said


def test_a_checker_that_stays_dead_ends_the_stack_and_every_attempt(tmp_path: Path) -> None:
    with up("--logs", str(tmp_path)) as (process, url, lines), ThreadPoolExecutor(6) as pool:
        asked = Asked(pool, url, budget_cpu_s=300)
        asked.until_started(lines)
        while process.poll() is None:
            with suppress(psutil.NoSuchProcess):
                kill(process, "coq-checker")
            time.sleep(0.2)
        asked.all_ended_as_errors()
        assert process.wait(60) == 1
    said = "".join(lines)
    assert said.count("the service coq-checker was killed by signal 9 (KILL)") == 4
    assert "it has died 4 times within 10 minutes and is not started any more: see its log" in said
    logs = "".join(one.read_text() for one in tmp_path.iterdir())
    assert "Traceback" not in said + logs and "Internal Server Error" not in logs


@pytest.mark.parametrize("helper", ["retriever", "model-server"])
def test_without_a_helper_the_stack_goes_on(helper: str) -> None:
    with up() as (process, url, lines):
        for _ in range(600):
            kill(process, helper)
            if "the prover goes on without it" in "".join(lines):
                break
            time.sleep(0.1)
        work = {"statement": "Lemma t (n : nat) : n + 0 = n.", "context": "Require Import Arith."}
        told = httpx2.post(f"{url}/v1/prove", json=work, timeout=120).json()
        assert told["verdict"] == "PROVED", told
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert f"the service {helper} was killed by signal 9 (KILL)" in "".join(lines)


def test_a_prover_that_is_killed_comes_back_at_its_address() -> None:
    with up() as (process, url, lines):
        kill(process, "prover")
        until(lambda: "the service prover is up again" in "".join(lines), lines)
        told = httpx2.post(f"{url}/v1/prove", json={"statement": "Lemma t : True."}, timeout=120).json()
        assert told["verdict"] == "PROVED", told
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_attempts_under_way_at_the_end_are_told_so(number: signal.Signals, tmp_path: Path) -> None:
    with up("--logs", str(tmp_path)) as (process, url, lines), ThreadPoolExecutor(6) as pool:
        asked = Asked(pool, url, budget_cpu_s=300)
        asked.until_started(lines)
        # As a terminal does it: all that is in the process group is told.
        os.killpg(process.pid, number)
        asked.all_ended_as_errors()
        assert process.wait(60) == 0
    logs = "".join(one.read_text() for one in tmp_path.iterdir())
    assert "Traceback" not in "".join(lines) + logs and "Internal Server Error" not in logs


def test_one_whose_engine_is_chosen() -> None:
    """What cannot look at terms proves nothing, and says what to do, at once."""
    try:
        if "serapi" not in find_toolchain("coq-8.20").engines:
            pytest.skip("coq-8.20 has no sertop")
    except ToolchainError as error:
        pytest.skip(str(error))
    with up("--engine", "serapi", "--toolchain", "coq-8.20") as (process, url, _):
        answer = httpx2.post(f"{url}/v1/prove", json={"statement": "Lemma t : True."}, timeout=120).json()
        assert (answer["verdict"], answer["code"], answer["script"]) == ("ERROR", "environment", "")
        assert "`--engine native`" in answer["message"]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def test_one_that_is_told_to_end_while_it_starts() -> None:
    argv = [str(PALMETTO), "up", "--port", "0"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        family = psutil.Process(process.pid)
        until(lambda: len(family.children()) >= 4, [])
        services = family.children(recursive=True)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "ending\n")
    _, alive = psutil.wait_procs(services, timeout=30)
    assert alive == []


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
