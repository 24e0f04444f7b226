"""The budget of one request: CPU seconds, counted from what the checker reports of every check."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager


class BudgetSpentError(Exception):
    """Nothing is left of the budget, or of a stage's share of it."""


class Budget:
    """CPU seconds that may be spent. Stages take shares of it; all forks charge the same one."""

    def __init__(self, total_s: float) -> None:
        self.total_s = total_s
        self.spent_s = 0.0
        self._ceilings: list[float] = [total_s]
        self._under_way: list[float] = []
        self._ended = asyncio.Event()

    @property
    def left_s(self) -> float:
        """What the present stage may still spend."""
        return max(0.0, min(self._ceilings) - self.spent_s)

    @property
    def total_left_s(self) -> float:
        """What the request may still spend."""
        return max(0.0, self.total_s - self.spent_s)

    @property
    def exhausted(self) -> bool:
        """Whether the whole request has spent what it had."""
        return self.total_left_s < 0.002

    def charge(self, cpu_s: float) -> None:
        """Counts what a check took."""
        self.spent_s += cpu_s

    @asynccontextmanager
    async def reserve(self, wish_s: float) -> AsyncIterator[float]:
        """Sets aside what a check may spend, so that checks side by side do not spend the same seconds.

        Waits while others have set aside what it needs; what it gets is less than it wishes only where no more is left.

        Raises:
            BudgetSpentError: nothing is left.
        """
        while True:
            left = self.need()
            wanted = min(wish_s, left)
            if not self._under_way or left - sum(self._under_way) >= wanted:
                break
            self._ended.clear()
            await self._ended.wait()
        self._under_way.append(wanted)
        try:
            yield wanted
        finally:
            self._under_way.remove(wanted)
            self._ended.set()

    def need(self) -> float:
        """What is left of the stage.

        Raises:
            BudgetSpentError: nothing.
        """
        left = self.left_s
        if left < 0.002:
            raise BudgetSpentError
        return left

    @contextmanager
    def stage(self, share_s: float) -> Iterator[None]:
        """A stage that may spend at most `share_s`. What it leaves is the next one's."""
        self._ceilings.append(self.spent_s + share_s)
        try:
            yield
        finally:
            self._ceilings.pop()
