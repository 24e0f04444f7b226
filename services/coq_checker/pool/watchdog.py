"""The watchdog: kills a process that passes its limits.

Coq's own Timeout and SIGINT do not stop every computation (rocq#20228); SIGKILL does.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from coq_checker.engine import process
from coq_checker.engine.api import CoqEngine
from coq_checker.limits import Limits

# How often an engine is looked at: the more often, the nearer it is to a limit.
_SHORTEST_MS, _LONGEST_MS = 10, 100
# How often it is looked whether an engine stands still.
_STALL_EVERY_NS = 1_000_000_000
# What is over sooner has had no time to start other processes worth counting.
LONG_NS = 50_000_000
# Memory of forks is looked at less often: it grows by a few MB in this time.
_MEMORY_EVERY_NS = 30_000_000
# At rest it is looked at once in so many requests.
_RSS_EVERY = 32
# Of several processes it is estimated so often.
_SHARED_EVERY_NS = 200_000_000
# Finding it out exactly takes up to a second, in which nothing else is done. It comes so often for what an estimate
# does not see: what a process that is gone has left to its forks.
_EXACT_EVERY_NS = 30_000_000_000
# Above the limit it comes after so many times what the last one took, or once the estimate grew by this part of the
# limit.
_EXACT_REST, _GROWN = 40, 1 / 8
# A look at a dozen processes takes a millisecond: the next one comes after so many times what the last one took; later
# where there are several, which are provers of CoqHammer's with seconds to go.
_REST, _REST_OF_MANY, _LONGEST_REST_MS = 100, 300, 400
_CORES = os.cpu_count() or 1
_HUGE_PAGES = process.huge_pages_are_the_rule()


class Breach(Enum):
    """The limit that was passed."""

    CPU = "cpu"
    WALL = "wall"
    MEMORY = "memory"


@dataclass(slots=True, eq=False)
class Guard:
    """A watch over one engine while it works on one thing.

    Attributes:
        breach: the limit that was passed, after which the engine was killed; None so far.
        last_cpu_ns: CPU time when it was last looked at: what is known of it once the process is gone.
        due_ns, memory_due_ns: when it and its memory are looked at next.
        shared_due_ns: when its memory without what is shared is estimated next.
        exact_due_ns: when it is found out next, whatever the estimate says.
        exact_again_ns, estimate_bytes: when it may be found out again, and the estimate when it last was.
        stall_due_ns: when it is looked whether it stands still.
    """

    engine: CoqEngine
    limits: Limits
    start_cpu_ns: int
    start_rss_bytes: int
    start_ns: int
    breach: Breach | None = None
    last_cpu_ns: int = 0
    seen_cpu_ns: int = -1
    seen_ns: int = 0
    due_ns: int = 0
    memory_due_ns: int = 0
    shared_due_ns: int = 0
    exact_due_ns: int = 0
    exact_again_ns: int = 0
    estimate_bytes: int = 0
    stall_due_ns: int = 0

    @property
    def cpu_ns(self) -> int:
        """CPU time since the watch began; 0 once the process is gone."""
        return self.counted(process.cpu_ns(self.engine.pid))

    def counted(self, cpu_ns: int) -> int:
        """What counts of a CPU time that the engine and what it started have taken in all."""
        return max(0, cpu_ns - self.engine.seen.reaped_cpu_ns - self.start_cpu_ns)

    @property
    def own_cpu_ns(self) -> int:
        """CPU time of the process itself, which has answered, since the watch began: for what starts no others."""
        return max(0, self.engine.own_cpu_ns - self.start_cpu_ns)

    def stalls(self, stall_ns: int) -> bool:
        """Whether the process, and what it started, has taken no CPU time for so long: it waits in vain."""
        cpu_ns, now_ns = process.cpu_ns(self.engine.pid), time.monotonic_ns()
        if cpu_ns != self.seen_cpu_ns:
            self.seen_cpu_ns, self.seen_ns = cpu_ns, now_ns
        return now_ns - self.seen_ns > stall_ns

    def too_large(self, family: list[process.Usage], now_ns: int) -> bool:
        """Whether processes take more memory than the limit, where what they share counts once.

        The kernel finds that out by walking through all pages, so it is asked where an estimate says so, and now and
        then.
        """
        if now_ns < self.shared_due_ns:
            return False
        self.shared_due_ns = now_ns + _SHARED_EVERY_NS
        limit, estimate = self.limits.memory_bytes, _at_most(family)
        known = now_ns < self.exact_again_ns and estimate - self.estimate_bytes <= _GROWN * limit
        if now_ns < self.exact_due_ns and (estimate <= limit or known):
            return False
        exact = sum(process.proportional_bytes(one.pid) for one in family)
        self.exact_due_ns = now_ns + _EXACT_EVERY_NS
        self.exact_again_ns = now_ns + (1 + _EXACT_REST) * (time.monotonic_ns() - now_ns)
        self.estimate_bytes = estimate
        return exact > limit

    @property
    def wall_ns(self) -> int:
        """Wall clock since the watch began."""
        return time.monotonic_ns() - self.start_ns


def _at_most(family: list[process.Usage]) -> int:
    """Memory of processes, without what forks have from the first: they share all but what they wrote.

    Other programs share nothing with it.
    """
    first, *others = family
    total = first.rss_bytes
    for one in others:
        alone = _HUGE_PAGES or one.name != first.name
        total += one.rss_bytes if alone else min(one.rss_bytes, one.faulted_bytes)
    return total


def _wait_ms(left_ms: int) -> int:
    """How long an engine is left alone that is so far from a limit."""
    return max(_SHORTEST_MS, min(_LONGEST_MS, left_ms // 2))


def _resting_rss_bytes(engine: CoqEngine) -> int:
    """Resident memory of a process that is at rest; what is over soon grows it little, and it is not looked at anew."""
    seen = engine.seen
    if seen.looks % _RSS_EVERY == 0:
        seen.rss_bytes = process.rss_bytes(engine.pid)
    seen.looks += 1
    return seen.rss_bytes


class Watchdog:
    """Looks at every guarded engine: the more often the nearer it is to a limit, and seldom where a look costs much.

    Args:
        stall_s: an engine that is at work and takes no CPU time for so long hangs.
    """

    def __init__(self, stall_s: float = 30.0) -> None:
        self._stall_ns = int(1e9 * stall_s)
        self._guards: set[Guard] = set()
        self._timer: asyncio.TimerHandle | None = None

    @contextlib.contextmanager
    def watch(self, engine: CoqEngine, limits: Limits) -> Iterator[Guard]:
        """Guards `engine` inside the block: it is killed when it passes a limit, and `breach` says which."""
        guard = Guard(
            engine,
            limits,
            engine.own_cpu_ns,
            _resting_rss_bytes(engine),
            time.monotonic_ns(),
        )
        engine.output_bytes = limits.output_bytes
        # Most of what is asked is over before the first look.
        guard.due_ns = guard.start_ns + 1_000_000 * _wait_ms(min(limits.wall_ms, limits.cpu_ms // _CORES))
        guard.memory_due_ns = guard.start_ns + _MEMORY_EVERY_NS
        guard.exact_due_ns = guard.start_ns + _EXACT_EVERY_NS
        guard.stall_due_ns = guard.start_ns + _STALL_EVERY_NS
        self._guards.add(guard)
        self._plan()
        try:
            yield guard
        finally:
            if guard.wall_ns > LONG_NS:
                # The next watch must not count again what these programs took.
                engine.seen.reaped_cpu_ns = process.reaped_cpu_ns(engine.pid)
                engine.seen.looks = 0
            self._guards.discard(guard)

    def _plan(self) -> None:
        """Has the next look come when the first of the engines is due."""
        due_ns = min((guard.due_ns for guard in self._guards if guard.breach is None), default=None)
        if due_ns is None:
            return
        loop = asyncio.get_running_loop()
        wait_s = max(0.0, (due_ns - time.monotonic_ns()) / 1e9)
        if self._timer is not None:
            if self._timer.when() <= loop.time() + wait_s + 0.001:
                return
            self._timer.cancel()
        self._timer = loop.call_later(wait_s, self._tick)

    def _tick(self) -> None:
        self._timer = None
        now_ns = time.monotonic_ns()
        for guard in list(self._guards):
            if guard.breach is None and guard.due_ns <= now_ns:
                self._look(guard, now_ns)
        self._plan()

    def _look(self, guard: Guard, now_ns: int) -> None:
        limits, begun_ns = guard.limits, time.monotonic_ns()
        wall_ms = guard.wall_ns // 1_000_000
        family: list[process.Usage] = []
        # CPU time runs no faster than the clock for one thread; hammers start processes, hence the cores.
        left_ms = min(limits.wall_ms - wall_ms, limits.cpu_ms // _CORES - wall_ms)
        if limits.wall_ms > wall_ms and left_ms <= 0:
            family = process.family(guard.engine.pid)
            cpu_ns = guard.counted(sum(one.cpu_ns for one in family))
            left_ms = min(limits.wall_ms - wall_ms, (limits.cpu_ms - cpu_ns // 1_000_000) // _CORES)
            if cpu_ns >= limits.cpu_ms * 1_000_000:
                guard.breach = Breach.CPU
        if wall_ms >= limits.wall_ms:
            guard.breach = Breach.WALL
        elif guard.breach is None and now_ns >= guard.memory_due_ns:
            guard.memory_due_ns = now_ns + _MEMORY_EVERY_NS
            family = family or process.family(guard.engine.pid)
            rss = sum(one.rss_bytes for one in family)
            if rss - guard.start_rss_bytes > limits.memory_bytes and (
                len(family) == 1 or guard.too_large(family, now_ns)
            ):
                guard.breach = Breach.MEMORY
        rest = _REST_OF_MANY if len(family) > 1 else _REST
        rest_ms = min(rest * (time.monotonic_ns() - begun_ns) // 1_000_000, _LONGEST_REST_MS)
        guard.due_ns = now_ns + 1_000_000 * max(_wait_ms(left_ms), rest_ms)
        if guard.breach is not None:
            guard.last_cpu_ns = guard.cpu_ns
            guard.engine.kill()
        elif now_ns >= guard.stall_due_ns:
            guard.stall_due_ns = now_ns + _STALL_EVERY_NS
            if guard.stalls(self._stall_ns):
                guard.engine.kill()  # as if it had died: what it was at work on is tried once more
