"""What is said of a process that ended."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from palmetto.deaths import ending, memory_kills


def status_of(program: str) -> tuple[int, str]:
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGTERM], ids=lambda one: one.name)
def test_the_signal_is_named(number: signal.Signals) -> None:
    status, log = status_of(f"import os; print('palmetto: listening', flush=True); os.kill(os.getpid(), {number})")
    told = f"was killed by signal {number.value} ({number.name.removeprefix('SIG')})"
    assert ending(status, log, None).startswith(told)
    assert ending(status, log, False) == told


def test_what_ran_out_of_memory() -> None:
    assert "(KILL): out of memory, as a rule" in ending(-9, "", None)
    assert "(KILL): out of memory, as the kernel says" in ending(-9, "", True)
    assert "memory" not in ending(-9, "", False)
    # Another process may have been; this one was not.
    assert "memory" not in ending(-11, "", True)


def test_a_process_that_says_why_is_heard() -> None:
    assert ending(*status_of("import sys; print('x\\npalmetto: no port.'); sys.exit(2)"), None) == (
        "ended with status 2: no port"
    )


def test_a_fault_is_told_by_its_last_line_and_other_lines_are_not() -> None:
    assert ending(*status_of("raise ValueError('of ours')"), None) == "ended with status 1: ValueError: of ours"
    assert ending(*status_of('import sys; print(\'{"event": "call"}\'); sys.exit(3)'), None) == (
        "ended with status 3: it said nothing about it"
    )
    assert ending(0, "", None) == "ended with status 0: somebody told it to"


@pytest.mark.parametrize(
    ("group", "file"),
    [
        ("0::/a/b", "a/b/memory.events"),
        ("0::/of/the/host", "memory.events"),
        ("9:name=x:/\n4:memory:/c\n0::/", "memory/c/memory.oom_control"),
    ],
)
def test_the_kernel_is_asked(group: str, file: str, tmp_path: Path) -> None:
    assert memory_kills(tmp_path) is None
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(group + "\n")
    assert memory_kills(tmp_path) is None
    counts = tmp_path / "sys/fs/cgroup" / file
    counts.parent.mkdir(parents=True)
    counts.write_text("low 0\noom 4\noom_kill 3\n")
    assert memory_kills(tmp_path) == 3
