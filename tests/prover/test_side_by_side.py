"""Works beside each other: order, failure, and how many at one time."""

import asyncio
from functools import partial

import pytest

from prover.side_by_side import side_by_side


class Works:
    """Counts what is under way."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.stopped: list[int] = []

    async def one(self, number: int, ticks: int, *, fails: bool = False) -> int:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            for _ in range(ticks):
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.stopped.append(number)
            raise
        finally:
            self.now -= 1
        if fails:
            raise ValueError(str(number))
        return number


@pytest.mark.parametrize("jobs", [1, 2, 5])
async def test_answers_come_in_order_and_no_more_than_jobs_run(jobs: int) -> None:
    works = Works()
    found = await side_by_side([partial(works.one, number, 20 - number) for number in range(8)], jobs)
    assert list(found) == list(range(8))
    assert works.most == jobs


async def test_the_first_in_order_is_raised_and_those_after_it_are_stopped() -> None:
    works = Works()
    made = [
        partial(works.one, 0, 3),
        partial(works.one, 1, 50, fails=True),
        partial(works.one, 2, 1, fails=True),
        partial(works.one, 3, 10_000),
    ]
    with pytest.raises(ValueError, match="1"):
        await side_by_side(made, 4)
    assert works.stopped == [3]
    assert works.now == 0


async def test_leaving_stops_all_of_them() -> None:
    works = Works()
    task = asyncio.create_task(side_by_side([partial(works.one, number, 10_000) for number in range(3)], 2))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert {0, 1} <= set(works.stopped)
    assert works.now == 0
