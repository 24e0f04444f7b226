"""`palmetto eval` as people run it, and small projects for it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from evaluator.record import Key, Record
from evaluator.store import ExperimentStore

from ..coq_checker.servers import EXAMPLES, PALMETTO

__all__ = ["EASY", "EXAMPLES", "PALMETTO", "Running", "project", "records", "run"]

# Theorems of the examples that cost little, in three of its files.
EASY = "contrapositive,not_not_excluded_middle,and_or_distribute,smaller_computes,between,length_snoc"


def run(
    *arguments: str, store: Path, environment: Mapping[str, str] | None = None, timeout_s: float = 240
) -> subprocess.CompletedProcess[str]:
    """`palmetto eval` with a store of the test's own."""
    return subprocess.run(
        [str(PALMETTO), "eval", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        env={**os.environ, "PALMETTO_EXPERIMENTS": str(store), **(environment or {})},
    )


class Running:
    """A `palmetto eval` under way, which can be killed."""

    def __init__(self, *arguments: str, store: Path, environment: Mapping[str, str] | None = None) -> None:
        self.log = store.with_suffix(f".{time.monotonic_ns()}.log")
        self._file = self.log.open("w")
        self.store = store
        self.process = subprocess.Popen(
            [str(PALMETTO), "eval", *arguments],
            stdout=self._file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PALMETTO_EXPERIMENTS": str(store), **(environment or {})},
        )

    @property
    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def service(self, name: str) -> psutil.Process:
        return next(one for one in self.family if name in one.cmdline() and "serve" in one.cmdline())

    def until(self, what: Callable[[], object], timeout_s: float = 120) -> None:
        end = time.monotonic() + timeout_s
        while not what():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.1)

    def done(self, experiment: str) -> int:
        return len(records(self.store, experiment)) if self.store.is_file() else 0

    def until_done(self, experiment: str, count: int) -> None:
        self.until(lambda: self.done(experiment) >= count)

    def end(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Sends a signal; the status that it ended with. Nothing of its family is left."""
        family = self.family
        self.process.send_signal(number)
        status = self.process.wait(60)
        _, alive = psutil.wait_procs(family, timeout=30)
        assert alive == []
        return status

    def wait(self, timeout_s: float = 240) -> int:
        return self.process.wait(timeout_s)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._file.close()


def records(store: Path, experiment: str, *, events: bool = False) -> dict[Key, Record]:
    with ExperimentStore.open(store, create=False) as opened:
        found = list(opened.records(experiment, events=events))
    assert len({one.key for one in found}) == len(found)
    return {one.key: one for one in found}


def project(folder: Path, **files: str) -> Path:
    """A project of these files, in this order: `A="..."` is A.v."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "_CoqProject").write_text("-Q . P\n" + "".join(f"{name}.v\n" for name in files))
    for name, text in files.items():
        (folder / f"{name}.v").write_text(text)
    return folder
