"""The queue by itself: bounded, fair, and nobody sleeps beside free room."""

import asyncio
from pathlib import Path

import pytest

from coq_checker.check import Ask
from coq_checker.engine.options import EngineOptions
from coq_checker.environment import Environment
from coq_checker.gates.text import Mode
from coq_checker.limits import Limits
from coq_checker.pool.queue import ClosedError, Job, JobQueue, QueueFullError
from coq_checker.pool.worker import Target
from coq_checker.toolchain import SandboxMode, Toolchain

TOOLCHAIN = Toolchain("test", "8.20.1", "0.20", "/coq", Path("/"), SandboxMode.NONE, "/bin")
LIMITS = Limits(1000, 1000, 1 << 20, 1 << 20, 1 << 10)


def job(context: str, statement: str = "Lemma t : True.", text: str = "auto.") -> Job:
    environment = Environment(context.encode(), EngineOptions(TOOLCHAIN))
    target = Target(environment, len(context), statement.encode(), Mode.PROOF)
    return Job(target, Ask(text.encode(), Mode.PROOF, LIMITS), asyncio.get_running_loop().create_future())


async def take(queue: JobQueue, last: Target | None = None) -> Job | None:
    return await queue.get(last, 0.0, lambda target: False)


async def test_it_is_bounded() -> None:
    queue = JobQueue(2)
    queue.put(job("A"))
    queue.put(job("B"))
    with pytest.raises(QueueFullError) as caught:
        queue.put(job("C"))
    assert caught.value.retry_after_ms > 0
    await take(queue)
    queue.put(job("C"))
    assert len(queue) == 2


async def test_each_job_comes_out_once() -> None:
    queue = JobQueue(100)
    jobs = [job(context, f"Lemma t{n} : True.") for n in range(10) for context in ("A", "B", "C")]
    for one in jobs:
        queue.put(one)
    out = [await take(queue) for _ in jobs]
    assert set(map(id, out)) == set(map(id, jobs))
    assert len(queue) == 0


async def test_environments_take_turns() -> None:
    queue = JobQueue(1000)
    for number in range(50):
        queue.put(job("many", text=f"{number}"))
    queue.put(job("few"))
    seen = []
    last: Target | None = None
    for _ in range(51):
        one = await take(queue, last)
        assert one is not None
        last = one.target
        seen.append(one.target.environment.source)
    assert seen.index(b"few") < 5, "the one job of the second environment waits for none of the first's thousands"


async def test_what_is_cancelled_is_passed_over() -> None:
    queue = JobQueue(10)
    first, second = job("A"), job("A")
    queue.put(first)
    queue.put(second)
    first.done.cancel()
    assert await take(queue) is second


async def test_discarding_makes_room() -> None:
    queue = JobQueue(1)
    first, second = job("A"), job("B")
    queue.put(first)
    queue.discard(second)  # is not here
    assert len(queue) == 1
    waiting = asyncio.create_task(queue.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.discard(first)
    await asyncio.wait_for(waiting, 10)
    queue.put(second)
    assert await take(queue) is second


async def test_nobody_sleeps_beside_free_room() -> None:
    queue = JobQueue(1)
    queue.put(job("A"))
    first, second = asyncio.create_task(queue.room()), asyncio.create_task(queue.room())
    await asyncio.sleep(0)
    await take(queue)
    first.cancel()  # it was woken, and goes away without using the room
    await asyncio.wait_for(second, 10)


async def test_closing_lets_what_is_queued_be_done() -> None:
    queue = JobQueue(2)
    one = job("A")
    queue.put(one)
    waiting = asyncio.create_task(take(queue))
    assert await waiting is one
    sleeping = asyncio.create_task(take(queue))
    await asyncio.sleep(0)
    queue.close()
    assert await asyncio.wait_for(sleeping, 10) is None
    with pytest.raises(ClosedError):
        queue.put(job("B"))
