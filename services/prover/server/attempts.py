"""Attempts: work that goes on in the background, and whose steps can be followed by any number of clients."""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Literal

from prover.codes import ErrorCode

Say = Callable[[dict[str, Any]], None]
Work = Callable[[Say], Awaitable[dict[str, Any]]]


class BusyError(Exception):
    """There is no room for another attempt."""


class EndingError(Exception):
    """The service is ending: it takes nothing new."""


class Attempt:
    """One piece of work.

    Attributes:
        id: names it.
        kind: what is done.
        about: what was asked, in a few words.
        state: where it stands.
        events: what has happened so far.
        result: its answer, once it is finished.
        ended: why the service ended it before it was finished; empty where it did not.
    """

    def __init__(self, kind: Literal["prove", "fill"], about: dict[str, Any], nothing: dict[str, Any]) -> None:
        self.id = secrets.token_hex(8)
        self.kind: Literal["prove", "fill"] = kind
        self.about = about
        self.state: Literal["waiting", "running", "finished", "cancelled"] = "waiting"
        self.events: list[dict[str, Any]] = []
        self.result: dict[str, Any] | None = None
        self.ended = ""
        self._begun_at = time.monotonic()
        self._nothing = nothing
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("finished", "cancelled")

    def start(self, work: Work, turn: asyncio.Semaphore) -> None:
        """Begins the work when its turn comes."""
        self._task = asyncio.create_task(self._run(work, turn), name=f"attempt-{self.id}")

    async def _run(self, work: Work, turn: asyncio.Semaphore) -> None:
        try:
            async with turn:
                self.state = "running"
                await self._tell()
                self.result = await work(self._say)
                self.state = "finished"
        except asyncio.CancelledError:
            if self.ended:
                self._finish(self.ended, ErrorCode.ENDING)
                return
            self.state = "cancelled"
            self.result = {**self._nothing, "verdict": "CANCELLED", "message": "the attempt was cancelled."}
        except Exception as error:  # a fault of ours is this attempt's alone
            self._finish(f"internal fault: {type(error).__name__}: {error}", ErrorCode.INTERNAL)
        finally:
            await self._tell()

    def _finish(self, why: str, code: ErrorCode) -> None:
        """Its end where the work itself came to none: the answer is an ERROR, and the last event of a theorem too."""
        wall_s = round(time.monotonic() - self._begun_at, 4)
        self.state = "finished"
        self.result = {**self._nothing, "verdict": "ERROR", "message": why, "code": code.value}
        if self.kind == "prove":
            spent_s = max((event.get("cpu_s", 0.0) for event in self.events if event["kind"] == "stage"), default=0.0)
            self.result |= {"cpu_s": spent_s, "wall_s": wall_s}
            about = {name: value for name, value in self.result.items() if name != "theorem"}
            self.events.append({"kind": "finished", "at_s": wall_s, **about})

    def _say(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        self._wake = asyncio.ensure_future(self._tell())

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def follow(self, first: int = 0) -> AsyncIterator[tuple[int, dict[str, Any]]]:
        """The events from number `first` on, those to come too, until it is over."""
        at = first
        while True:
            while at < len(self.events):
                yield at, self.events[at]
                at += 1
            if self.over:
                return
            async with self._changed:
                if at >= len(self.events) and not self.over:
                    await self._changed.wait()

    async def finished(self) -> None:
        """Waits until it is over."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.over)

    async def end(self, why: str) -> None:
        """Ends the work at once, as an ERROR that says why."""
        if not self.over:
            self.ended = why
            await self.cancel()

    async def cancel(self) -> None:
        """Stops the work at once."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])


class Attempts:
    """All attempts of a server.

    Args:
        at_once: how many are worked on at one time.
        waiting: how many may wait for their turn.
        keep: how many are remembered, those under way included.
        keep_events: how many events of finished ones are remembered in all; the latest one keeps all of its own.

    Attributes:
        closing: nothing new is taken.
    """

    def __init__(self, at_once: int, waiting: int, keep: int, keep_events: int) -> None:
        self.closing = False
        self._turn = asyncio.Semaphore(at_once)
        self._room = at_once + waiting
        self._keep = keep
        self._keep_events = keep_events
        self._attempts: OrderedDict[str, Attempt] = OrderedDict()

    def begin(
        self, kind: Literal["prove", "fill"], work: Work, about: dict[str, Any], nothing: dict[str, Any]
    ) -> Attempt:
        """A new attempt; `nothing` is its answer where it is cancelled or fails, but for verdict and message.

        Raises:
            BusyError: there is no room.
            EndingError: nothing new is taken.
        """
        if self.closing:
            raise EndingError
        if self.under_way >= self._room:
            raise BusyError
        attempt = Attempt(kind, about, nothing)
        self._attempts[attempt.id] = attempt
        self._forget()
        attempt.start(work, self._turn)
        return attempt

    def _forget(self) -> None:
        """Forgets the oldest finished ones, where there are too many or they hold too much."""
        over = [one for one in self._attempts.values() if one.over]
        events = sum(len(one.events) for one in over)
        for one in over:
            too_much = events > self._keep_events and one is not over[-1]
            if len(self._attempts) <= self._keep and not too_much:
                return
            del self._attempts[one.id]
            events -= len(one.events)

    def get(self, name: str) -> Attempt | None:
        """The attempt of that id; None where there is none (any longer)."""
        return self._attempts.get(name)

    @property
    def under_way(self) -> int:
        """Attempts that wait or run."""
        return sum(not one.over for one in self._attempts.values())

    async def close(self, grace_s: float, at_once: asyncio.Event, why: Callable[[], str]) -> None:
        """Takes nothing new, waits a little for what is under way, then ends it.

        Args:
            grace_s: how long it is waited for.
            at_once: ends the wait.
            why: says, in a sentence, why it is ended.
        """
        self.closing = True
        left = [one for one in self._attempts.values() if not one.over]
        if left and grace_s and not at_once.is_set():
            done = asyncio.gather(*(one.finished() for one in left))
            hurry = asyncio.create_task(at_once.wait())
            await asyncio.wait((done, hurry), timeout=grace_s, return_when=asyncio.FIRST_COMPLETED)
            for task in (done, hurry):
                task.cancel()
            await asyncio.gather(done, hurry, return_exceptions=True)
        await asyncio.gather(*(one.end(why()) for one in left))
