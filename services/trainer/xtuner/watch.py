"""Runs xtuner, keeps what it prints, and reads where it stands."""

import json
import math
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainer.errors import TrainError
from trainer.run import Progress, Report

PROGRESS = "progress.jsonl"
STALL_VARIABLE = "PALMETTO_TRAIN_STALL_S"
_STALL_S = 1800.0
_POLL_S = 0.5
_END_S = 30.0
_TAIL_BYTES = 200_000
# Of Python's last lines; torchrun adds its own error, which says nothing about the cause.
_ERROR = re.compile(r"^(?:\[rank\d+\]:\s*)?((?:\w+\.)*\w*(?:Error|Exception)\b.*)$")
_NOTHING = ("ChildFailedError", "torch.distributed.elastic", "RuntimeError: torch_shm_manager")
_CAUSES = (
    (
        re.compile(r"out of memory", re.I),
        "a GPU's memory is not enough: give a smaller --device-batch or --max-length, or --zero 2 or 3",
    ),
    (re.compile(r"exitcode\s*:\s*-9\b"), "a process was killed, mostly for want of main memory: give fewer --gpus"),
    (
        re.compile(r"No space left on device|Errno 28|PytorchStreamWriter"),
        "the disk is full: make room, then run the same command again",
    ),
    (re.compile(r"EADDRINUSE|address already in use", re.I), "the port is taken: set PORT to another one"),
    (
        re.compile(r"would be cut: leave it out"),
        "the data hold examples longer than --max-length: remove the folder and begin anew",
    ),
)
# Ends with its parent, even when that is killed; then becomes the program.
_TIED = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execv(sys.argv[1], sys.argv[1:])"


@dataclass(slots=True)
class Watched:
    """What was seen; iterations are batches of a device.

    Attributes:
        losses, eval_losses: by iteration.
        iteration, iterations: done, and in all.
        tokens_per_s: over this run, without its start.
    """

    losses: dict[int, float] = field(default_factory=dict)
    eval_losses: dict[int, float] = field(default_factory=dict)
    iteration: int = 0
    iterations: int = 0
    tokens_per_s: float = 0.0


class Follower:
    """Reads the lines of `progress.jsonl` as they come; those of an earlier run are the beginning of the curve."""

    def __init__(self, file: Path) -> None:
        self.seen = Watched()
        self._file = file
        self._place = 0
        self._first: tuple[float, int] | None = None
        self._tokens = 0
        self.read()
        self._first, self._tokens = None, 0

    def read(self) -> bool:
        """Whether something new was there.

        Raises:
            TrainError: the loss is no number any longer.
        """
        try:
            with self._file.open("rb") as lines:
                lines.seek(self._place)
                text = lines.read()
        except OSError:
            return False
        whole = text[: text.rfind(b"\n") + 1]
        self._place += len(whole)
        for line in whole.splitlines():
            try:
                told = json.loads(line)
            except ValueError:  # the disk was full in the middle of a line, and a later run wrote on behind it
                continue
            self._take(told)
        return bool(whole)

    def _take(self, told: dict[str, Any]) -> None:
        seen, at = self.seen, int(told["iteration"])
        if at < seen.iteration:  # gone back to a checkpoint
            seen.losses = {one: loss for one, loss in seen.losses.items() if one < at}
            seen.eval_losses = {one: loss for one, loss in seen.eval_losses.items() if one < at}
        seen.iteration, seen.iterations = at, int(told["iterations"])
        if "validation_loss" in told:
            seen.eval_losses[at] = float(told["validation_loss"])
            return
        loss = float(told["loss"])
        if not math.isfinite(loss):
            raise TrainError("the loss is no number any longer: give a smaller --learning-rate.")
        seen.losses[at] = loss
        if self._first is None:
            self._first = (told["time"], at)
            return
        self._tokens += int(told["tokens"])
        taken = told["time"] - self._first[0]
        seen.tokens_per_s = self._tokens / taken if taken > 0 else 0.0

    def left_s(self) -> float | None:
        """Time that the rest takes, at the speed so far."""
        if self._first is None or self.seen.iteration <= self._first[1]:
            return None
        return (
            (time.time() - self._first[0])
            / (self.seen.iteration - self._first[1])
            * (self.seen.iterations - self.seen.iteration)
        )


def watch(
    command: Sequence[str], variables: Mapping[str, str], work: Path, log: Path, accumulate: int, report: Report
) -> Watched:
    """Runs a training to its end. What it prints goes to `log`; an interrupt ends it with all its processes.

    Args:
        command: a Python by its full path, and its arguments.
        variables: its environment.
        work: folder in which it writes `progress.jsonl`.
        log: added to.
        accumulate: iterations in a step.
        report: told about every step that it writes, and when it has told nothing for long.

    Raises:
        TrainError: it failed, or its loss is no number.
    """
    follower = Follower(work / PROGRESS)
    stall = stall_s()
    work.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        begin = out.tell()
        process = subprocess.Popen(
            [command[0], "-c", _TIED, *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=dict(variables),
            start_new_session=True,
        )
        told = time.monotonic()
        try:
            while process.poll() is None:
                if follower.read():
                    told = time.monotonic()
                    _report(follower, accumulate, report)
                elif time.monotonic() - told > stall:
                    told = time.monotonic()
                    report(Progress(note=f"no step for {stall / 60:.0f} minutes; {log} tells what xtuner prints"))
                time.sleep(_POLL_S)
        finally:
            _end(process)
    if process.returncode:
        raise TrainError(f"xtuner failed ({why(log, begin)}); {log} has all that it printed.")
    if follower.read():
        _report(follower, accumulate, report)
    return follower.seen


def why(log: Path, begin: int = 0) -> str:
    """The cause of a failure in a log, from a place on: a remedy where it is known, else the last error."""
    with log.open("rb") as lines:
        size = lines.seek(0, os.SEEK_END)
        lines.seek(max(begin, size - _TAIL_BYTES))
        text = lines.read().decode(errors="replace")
    for pattern, sentence in _CAUSES:
        if pattern.search(text):
            return sentence
    found = [match[1] for line in text.splitlines() if (match := _ERROR.match(line.strip()))]
    found = [one for one in found if not any(word in one for word in _NOTHING)]
    last = [line.strip() for line in text.splitlines() if line.strip()]
    return (found or last or ["it printed nothing"])[-1][:300]


def _report(follower: Follower, accumulate: int, report: Report) -> None:
    seen = follower.seen
    if seen.losses:
        last = seen.losses[max(seen.losses)]
        steps = (seen.iteration // accumulate, seen.iterations // accumulate)
        report(Progress(*steps, last, seen.tokens_per_s or None, follower.left_s()))


def stall_s() -> float:
    """Seconds without a word after which one is told.

    Raises:
        TrainError: the variable that sets them is no number.
    """
    try:
        return max(1.0, float(os.environ.get(STALL_VARIABLE) or _STALL_S))
    except ValueError:
        raise TrainError(f"{STALL_VARIABLE} is {os.environ[STALL_VARIABLE]!r}: set it to seconds.") from None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Its whole group: torchrun starts a process for each GPU."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
