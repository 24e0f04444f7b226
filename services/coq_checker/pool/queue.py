"""The queue: bounded, and fair between environments.

Jobs of one target stay together, and a slot stays with its environment for a while, so that workers and
prepared environments are used while they are there; then the next environment has its turn, so that none
waits for the end of another's thousand candidates.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from coq_checker.check import Ask
from coq_checker.pool.worker import Target
from coq_checker.result import ProofResult

# How long a slot may stay with one environment while another one waits.
_TURN_S = 1.0


class QueueFullError(Exception):
    """The queue has no room; `retry_after_ms` says when some is likely."""

    def __init__(self, retry_after_ms: int) -> None:
        super().__init__(f"the queue is full; try again in {retry_after_ms} ms")
        self.retry_after_ms = retry_after_ms


class ClosedError(Exception):
    """The pool is draining: nothing new is taken."""


@dataclass(slots=True, eq=False)
class Job:
    """One candidate waiting for its verdict."""

    target: Target
    ask: Ask
    done: asyncio.Future[ProofResult]
    queued_ns: int = field(default_factory=time.monotonic_ns)


class JobQueue:
    """Jobs by environment and target."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._environments: OrderedDict[str, OrderedDict[Target, deque[Job]]] = OrderedDict()
        self._size = 0
        self._serving: dict[Target, int] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._room: deque[asyncio.Future[None]] = deque()
        self._closed = False

    def __len__(self) -> int:
        return self._size

    def put(self, job: Job) -> None:
        """Queues a job.

        Raises:
            QueueFullError: there is no room.
            ClosedError: the queue is closed.
        """
        if self._closed:
            raise ClosedError
        if self._size >= self.capacity:
            raise QueueFullError(retry_after_ms=max(50, min(10_000, 5 * self._size)))
        targets = self._environments.setdefault(job.target.environment.id, OrderedDict())
        targets.setdefault(job.target, deque()).append(job)
        self._size += 1
        _wake(self._waiting)

    async def room(self) -> None:
        """Waits until there is room; for streams, which slow their sender down instead of failing."""
        while self._size >= self.capacity and not self._closed:
            waiter = asyncio.get_running_loop().create_future()
            self._room.append(waiter)
            await waiter

    async def get(self, target: Target | None, since: float, held: Callable[[Target], bool]) -> Job | None:
        """The next job for a slot; None when closed.

        Args:
            target: what the slot served last.
            since: when it came to that target's environment (monotonic seconds).
            held: whether a target's environment is prepared already.
        """
        while True:
            if not self._size:
                if self._closed:
                    return None
                waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiting.append(waiter)
                await waiter
                continue
            job = self._take(self._choose(target, since, held))
            if not job.done.done():
                return job

    def _choose(self, target: Target | None, since: float, held: Callable[[Target], bool]) -> Target:
        if target is not None:
            mine = self._environments.get(target.environment.id, OrderedDict())
            if mine and (len(self._environments) == 1 or time.monotonic() - since < _TURN_S):
                if target in mine:
                    return target
                near = self._near(mine, target, held)
                if near is not None:
                    return near
        busy: Target | None = None
        for targets in self._environments.values():
            near = self._near(targets, None, held)
            if near is not None:
                return near
            busy = busy or next(iter(targets))
        if busy is None:
            raise AssertionError("a queue with jobs has a target")
        return busy

    def _near(
        self, targets: OrderedDict[Target, deque[Job]], last: Target | None, held: Callable[[Target], bool]
    ) -> Target | None:
        """The target of one environment to go to; None where other slots serve all of them.

        A worker goes back cheaply and forward never, so that of what is prepared already the last comes
        first; what is not prepared yet comes in the order of the text, so that nothing waits for the end.
        """
        free = [one for one in targets if not self._serving.get(one)]
        ready = [one for one in free if held(one)]
        before = [one for one in ready if last is None or one.position <= last.position]
        if before or ready:
            return max(before or ready, key=lambda one: one.position)
        return min(free, key=lambda one: one.position, default=None)

    def _take(self, target: Target) -> Job:
        key = target.environment.id
        targets = self._environments[key]
        jobs = targets[target]
        job = jobs.popleft()
        self._size -= 1
        if not jobs:
            del targets[target]
        else:
            targets.move_to_end(target)
        if not targets:
            del self._environments[key]
        else:
            self._environments.move_to_end(key)
        self._wake_room()
        return job

    def discard(self, job: Job) -> None:
        """Takes out a job that nobody waits for any longer, if it is still here."""
        targets = self._environments.get(job.target.environment.id, OrderedDict())
        jobs = targets.get(job.target)
        if jobs is None or job not in jobs:
            return
        jobs.remove(job)
        self._size -= 1
        if not jobs:
            del targets[job.target]
        if not targets:
            del self._environments[job.target.environment.id]
        self._wake_room()

    def _wake_room(self) -> None:
        # All of them: one that was woken may have been cancelled, and another must not sleep beside free room.
        for _ in range(len(self._room)):
            _wake(self._room)

    def serve(self, target: Target, change: int) -> None:
        """Notes that one slot more (+1) or less (-1) serves the target."""
        count = self._serving.get(target, 0) + change
        if count > 0:
            self._serving[target] = count
        else:
            self._serving.pop(target, None)

    def close(self) -> None:
        """Takes nothing new; slots end when what is queued is done."""
        self._closed = True
        while self._waiting:
            _wake(self._waiting)
        while self._room:
            _wake(self._room)

    def clear(self) -> list[Job]:
        """Removes and returns what is queued."""
        jobs = [job for targets in self._environments.values() for queue in targets.values() for job in queue]
        self._environments.clear()
        self._size = 0
        return jobs


def _wake(waiting: deque[asyncio.Future[None]]) -> None:
    while waiting:
        waiter = waiting.popleft()
        if not waiter.done():
            waiter.set_result(None)
            return
