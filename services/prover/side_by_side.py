"""Independent pieces of work on one theorem, as many at one time as the request allows."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

_T = TypeVar("_T")


async def side_by_side(works: Iterable[Callable[[], Awaitable[_T]]], jobs: int) -> Sequence[_T]:
    """What the works answer, in their order; at most `jobs` of them at one time.

    What the first of them in that order raises is raised, whichever is the first in time, so that what comes out
    depends on the clock as little as may be. Those after it are stopped.
    """
    if jobs == 1:
        return [await work() for work in works]
    room = asyncio.Semaphore(jobs)

    async def one(work: Callable[[], Awaitable[_T]]) -> _T:
        async with room:
            return await work()

    tasks = [asyncio.create_task(one(work)) for work in works]
    try:
        return [await task for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
