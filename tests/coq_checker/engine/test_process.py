"""Processes by their ids, which the system gives anew."""

import subprocess
import sys

import pytest

from coq_checker.engine import process


@pytest.fixture
def sleeper() -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])


def test_a_process_is_killed_by_its_id_and_its_beginning(sleeper: "subprocess.Popen[bytes]") -> None:
    process.kill(sleeper.pid, process.started(sleeper.pid))
    assert sleeper.wait(60) == -9


def test_who_has_the_id_of_one_that_is_gone_is_left_alone(sleeper: "subprocess.Popen[bytes]") -> None:
    try:
        process.kill(sleeper.pid, process.started(sleeper.pid) - 1)
        with pytest.raises(subprocess.TimeoutExpired):
            sleeper.wait(0.3)
    finally:
        sleeper.kill()
        sleeper.wait()


def test_one_that_is_gone_began_at_no_time(sleeper: "subprocess.Popen[bytes]") -> None:
    sleeper.kill()
    sleeper.wait()
    assert process.started(sleeper.pid) == 0
    process.kill(sleeper.pid, 0)
