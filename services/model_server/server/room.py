"""How many requests are worked on, and how many may wait."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from model_server.errors import BusyError

_COME_BACK_S = 1.0


class Room:
    """A bounded place to work, with a bounded queue before it.

    Args:
        places: requests worked on at one time.
        waiting: requests that may wait.
        changed: told how many work and how many wait.
    """

    def __init__(self, places: int, waiting: int, changed: Callable[[int, int], None]) -> None:
        self._places = asyncio.Semaphore(places)
        self._most = places
        self._may_wait = waiting
        self._changed = changed
        self._inside = 0
        self._waiting = 0
        self.draining = False

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place, for as long as the block lasts.

        Raises:
            BusyError: the queue is full, or the server is ending.
        """
        if self.draining:
            raise BusyError("the server is ending: ask again.", "draining", status=503, retry_after_s=_COME_BACK_S)
        if self._inside >= self._most and self._waiting >= self._may_wait:
            raise BusyError(
                f"{self._inside} requests are worked on and {self._waiting} wait: ask again.",
                "busy",
                retry_after_s=_COME_BACK_S,
            )
        self._count(waiting=1)
        try:
            await self._places.acquire()
        finally:
            self._count(waiting=-1)
        self._count(inside=1)
        try:
            yield
        finally:
            self._places.release()
            self._count(inside=-1)

    def _count(self, *, inside: int = 0, waiting: int = 0) -> None:
        self._inside += inside
        self._waiting += waiting
        self._changed(self._inside, self._waiting)
