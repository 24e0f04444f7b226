"""The watchdog: kills a process that passes its limits.

Coq's own Timeout and SIGINT do not stop every computation (rocq#20228); SIGKILL does.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from coq_checker.limits import Limits
from coq_checker.session import process
from coq_checker.session.api import CoqSession

_PERIOD_S = 0.01
# A session that is at work and takes no CPU time for so long hangs; it is looked at every so many ticks.
_STALL_NS = 30_000_000_000
_STALL_EVERY = 100
# What is over sooner has had no time to start other processes worth counting.
LONG_NS = 50_000_000
# Memory of forks is looked at less often: it grows by a few MB in this time.
_MEMORY_EVERY = 3


class Breach(Enum):
    """The limit that was passed."""

    CPU = "cpu"
    WALL = "wall"
    MEMORY = "memory"


@dataclass(slots=True, eq=False)
class Guard:
    """A watch over one session while it works on one thing.

    Attributes:
        breach: the limit that was passed, after which the session was killed; None so far.
        last_cpu_ns: CPU time when it was last looked at: what is known of it once the process is gone.
    """

    session: CoqSession
    limits: Limits
    start_cpu_ns: int
    start_rss_bytes: int
    start_ns: int
    breach: Breach | None = None
    last_cpu_ns: int = 0
    seen_cpu_ns: int = -1
    seen_ns: int = 0

    @property
    def cpu_ns(self) -> int:
        """CPU time since the watch began; 0 once the process is gone."""
        return max(0, process.cpu_ns(self.session.pid) - self.session.reaped_cpu_ns - self.start_cpu_ns)

    @property
    def own_cpu_ns(self) -> int:
        """CPU time of the process itself since the watch began: cheaper, for what starts no others."""
        return max(0, process.own_cpu_ns(self.session.pid) - self.start_cpu_ns)

    def stalls(self) -> bool:
        """Whether the process, and what it started, has taken no CPU time for long: it waits for what never comes."""
        cpu_ns, now_ns = process.cpu_ns(self.session.pid), time.monotonic_ns()
        if cpu_ns != self.seen_cpu_ns:
            self.seen_cpu_ns, self.seen_ns = cpu_ns, now_ns
        return now_ns - self.seen_ns > _STALL_NS

    @property
    def wall_ns(self) -> int:
        """Wall clock since the watch began."""
        return time.monotonic_ns() - self.start_ns


class Watchdog:
    """Looks at every guarded session some hundred times a second, and not at all when there is none."""

    def __init__(self) -> None:
        self._guards: set[Guard] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._ticks = 0

    @contextlib.contextmanager
    def watch(self, session: CoqSession, limits: Limits) -> Iterator[Guard]:
        """Guards `session` inside the block: it is killed when it passes a limit, and `breach` says which."""
        guard = Guard(
            session,
            limits,
            process.own_cpu_ns(session.pid),
            process.rss_bytes(session.pid),
            time.monotonic_ns(),
        )
        session.output_bytes = limits.output_bytes
        self._guards.add(guard)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_PERIOD_S, self._tick)
        try:
            yield guard
        finally:
            if guard.wall_ns > LONG_NS:
                # The next watch must not count again what these programs took.
                session.reaped_cpu_ns = process.reaped_cpu_ns(session.pid)
            self._guards.discard(guard)

    def _tick(self) -> None:
        self._ticks += 1
        for guard in list(self._guards):
            if guard.breach is None:
                self._look(guard)
        if self._guards:
            self._timer = asyncio.get_running_loop().call_later(_PERIOD_S, self._tick)
        else:
            self._timer = None

    def _look(self, guard: Guard) -> None:
        limits = guard.limits
        wall_ms = guard.wall_ns // 1_000_000
        if wall_ms >= limits.wall_ms:
            guard.breach = Breach.WALL
        # CPU time runs no faster than the clock for one thread; hammers start processes, hence the half.
        elif wall_ms * 2 >= limits.cpu_ms and guard.cpu_ns >= limits.cpu_ms * 1_000_000:
            guard.breach = Breach.CPU
        elif self._ticks % _MEMORY_EVERY == 0:
            pids = [guard.session.pid, *process.descendants(guard.session.pid)]
            rss = sum(process.rss_bytes(pid) for pid in pids)
            # What a process shares with those that it forked counts once, which is dear to find out.
            if rss - guard.start_rss_bytes > limits.memory_bytes and (
                len(pids) == 1 or sum(map(process.proportional_bytes, pids)) > limits.memory_bytes
            ):
                guard.breach = Breach.MEMORY
        if guard.breach is not None:
            guard.last_cpu_ns = guard.cpu_ns
            guard.session.kill()
        elif self._ticks % _STALL_EVERY == 0 and guard.stalls():
            guard.session.kill()  # as if it had died: what it was at work on is tried once more
