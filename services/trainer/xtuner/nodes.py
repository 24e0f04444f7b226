"""What the first of several nodes tells the others, through the folder that they share."""

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trainer.errors import TrainError
from trainer.run import Progress, Report
from trainer.xtuner.numbers import Job, load, save
from trainer.xtuner.watch import stall_s

_FIRST = "first_node.json"
_BEAT_S = 20.0
_POLL_S = 1.0


@contextmanager
def heard(folder: Path, job: Job) -> Iterator[None]:
    """Meanwhile the first node says that it lives, and at last why it failed; of one node nobody need know."""
    if job.rank or job.nodes == 1:
        yield
        return
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(_BEAT_S):
            _say(folder)

    _say(folder)
    beats = threading.Thread(target=beat, daemon=True)
    beats.start()
    why = "it was stopped."
    try:
        yield
        why = ""
    except TrainError as error:
        why = str(error)
        raise
    finally:
        ended.set()
        beats.join()
        _say(folder, why)


def awaited(file: Path, what: str, report: Report, key: str | None = None) -> dict[str, Any]:
    """What the first node writes.

    Args:
        file: that it writes, beside its word that it lives.
        what: that is waited for, for people.
        report: told so.
        key: of the training; what another one left does not count.

    Raises:
        TrainError: the first node failed, or has said nothing for long.
    """
    report(Progress(note=f"waiting: {what}"))
    limit = stall_s()
    first = last = load(file.parent / _FIRST)
    since = time.monotonic()
    while (found := load(file)) is None or (key is not None and found.get("key") != key):
        said = load(file.parent / _FIRST)
        if said != last and said is not None:
            last, since = said, time.monotonic()
        if last != first and last is not None and last.get("why"):
            raise TrainError(f"the first node ended: {last['why']}")
        if time.monotonic() - since > limit:
            raise TrainError(
                f"the first node has said nothing for {limit / 60:.0f} minutes: look whether it runs, "
                f"and has {file.parent} too."
            )
        time.sleep(_POLL_S)
    return found


def _say(folder: Path, why: str = "") -> None:
    with contextlib.suppress(OSError):  # the disk is full: what is done meanwhile tells so
        save(folder / _FIRST, {"time_ns": time.time_ns(), "why": why})
