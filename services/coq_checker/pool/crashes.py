"""Texts that ended Coq's process: what did so once does it again, and is not tried a second time."""

import hashlib
from collections import OrderedDict

from coq_checker.pool.queue import Job

_MOST = 4096


class Crashes:
    """What came of candidates that ended Coq's process, by where they run and their text; the latest few thousand."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, str] = OrderedDict()

    def get(self, job: Job) -> str | None:
        """The message of a candidate that is known to end Coq's process; None for any other."""
        if not self._known:
            return None
        return self._known.get(_key(job))

    def keep(self, job: Job, message: str) -> None:
        """Notes that a candidate ended Coq's process."""
        self._known[_key(job)] = message
        while len(self._known) > _MOST:
            self._known.popitem(last=False)


def _key(job: Job) -> bytes:
    target, ask = job.target, job.ask
    # What it may use belongs to it: with less it may be stopped before.
    what = (target.environment.id, target.position, target.statement, target.setup, target.mode, ask.text, ask.limits)
    return hashlib.sha256(repr(what).encode()).digest()
