"""`palmetto check` and services: one that runs, one of its own, and none."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from ..coq_checker.servers import EXAMPLES, LOOPING, PALMETTO, start_server, wait_until
from .test_check_command import GOOD, MIXED, assert_one_line, check, rows


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "Good.v"
    file.write_text(GOOD)
    return file


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    file = tmp_path / "Mixed.v"
    file.write_text(MIXED)
    return file


class TestServer:
    def test_a_service_that_runs(self, checker_address: str, mixed: Path) -> None:
        done = check(mixed, "--server", checker_address, "--json")
        assert [row["verdict"] for row in rows(done)] == ["PROVED", "FAILED", "INCOMPLETE"]
        done = check(EXAMPLES / "Logic.v", PALMETTO_CHECKER_ADDRESS=checker_address)
        assert done.returncode == 0, done

    def test_what_lies_here_is_checked(self, tmp_path: Path) -> None:
        """Not what the server has under the same names."""
        for place in ("served", "here"):
            folder = tmp_path / place / "own"
            folder.mkdir(parents=True)
            (folder / "_CoqProject").write_text("-Q . Own\nBase.v\nX.v\n")
            (folder / "Base.v").write_text("Definition one := 1.\n")
        theirs, mine = tmp_path / "served" / "own" / "X.v", tmp_path / "here" / "own" / "X.v"
        theirs.write_text("Lemma t : True.\nProof. exact I. Qed.\n")
        mine.write_text(
            "From Own Require Import Base.\nLemma t : one = 2.\nProof. exact I. Qed.\n"
            "Lemma u : True.\nProof. exact I. Qed.\n"
        )
        proof = tmp_path / "proof.v"
        proof.write_text("exact I.")
        server = start_server(f"own={theirs.parent}")
        try:
            done = check(mine, "--server", server.address, "--json")
            assert done.returncode == 1
            assert [(row["theorem"], row["verdict"]) for row in rows(done)] == [("t", "FAILED"), ("u", "PROVED")]
            (row,) = rows(check(mine, "--server", server.address, "--theorem", "t", "--proof", proof, "--json"))
            assert row["verdict"] == "FAILED"
            assert check(mine, "--server", server.address, "--theorem", "u").returncode == 0
            done = check(theirs, "--server", server.address, "--theorem", "u")
            assert_one_line(done, "'u'", "X.v")
        finally:
            assert server.stop() == 0

    def test_a_project_that_it_does_not_serve(self, checker_address: str, tmp_path: Path) -> None:
        (tmp_path / "_CoqProject").write_text("-Q . Own\n")
        (tmp_path / "X.v").write_text(GOOD)
        assert_one_line(check(tmp_path / "X.v", "--server", checker_address), "X.v", f"--project {tmp_path.name}=")

    @pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere.invalid:5", "unix:/nowhere"])
    def test_none(self, good: Path, address: str) -> None:
        done = check(good, "--server", address)
        assert_one_line(done, f"no checker answers at {address}", "serve coq-checker", "leave out --server")
        assert "grpc" not in done.stderr.lower()

    def test_a_setting_that_there_is_not(self, good: Path) -> None:
        done = check(good, PALMETTO_CHECKER_SLOT="1")
        assert done.returncode == 0
        assert done.stderr == (
            "palmetto: PALMETTO_CHECKER_SLOT is no setting and is ignored: "
            "the nearest one is PALMETTO_CHECKER_SLOTS (docs/checker.md).\n"
        )


def said_at_its_end(running: subprocess.Popen[str]) -> str:
    """What a command that was told to end says; the test fails with its stack and all processes if it does not end."""
    try:
        return running.communicate(timeout=60)[1]
    except subprocess.TimeoutExpired:
        processes = subprocess.run(["ps", "-eo", "pid,ppid,stat,wchan:20,etime,args"], capture_output=True, text=True)
        running.send_signal(signal.SIGABRT)
        try:
            _, said = running.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            said = "(it holds its standard error open)"
        pytest.fail(f"it does not end:\n{said}\n{processes.stdout}")


class TestSignals:
    # A script's background job has interrupts ignored.
    # As in a terminal, and as in the background of a script.
    @pytest.mark.parametrize("before", ["", "trap '' INT; "])
    @pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
    def test_nothing_is_left_behind(self, tmp_path: Path, number: int, status: int, before: str) -> None:
        file = tmp_path / "Loop.v"
        file.write_text(f"Lemma loop : True.\n{LOOPING}\n")
        folder = tmp_path / "run"
        folder.mkdir()
        running = subprocess.Popen(
            ["/bin/sh", "-c", f"{before}exec {PALMETTO} check {file}"],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PALMETTO_CHECKER_RUN_FOLDER": str(folder), "PYTHONFAULTHANDLER": "1"},
        )
        wait_until("a session runs", lambda: list(folder.glob("*/session-*")))
        running.send_signal(number)
        said = said_at_its_end(running)
        assert running.returncode == status
        assert said in ("palmetto: terminated\n", "palmetto: interrupted\n")
        assert list(folder.iterdir()) == []
