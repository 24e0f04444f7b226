"""Endurance: many candidates through one service, and what its memory does."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from benchmarks.checker.service import Service
from benchmarks.checker.workload import items
from coq_checker.client import CheckerClient, CheckItem

_EARLY = 2000


@dataclass(frozen=True, slots=True)
class Soak:
    """Resident memory after a first part and at the end."""

    items: int
    early_items: int
    early_rss_mb: float
    late_rss_mb: float


async def soak(service: Service, work: dict[str, Any], count: int) -> Soak:
    """Sends `count` candidates, the workload over and over."""
    given = [item for item, _ in items(work, calm=True)]

    async def endless() -> AsyncIterator[CheckItem]:
        for number in range(count):
            one = given[number % len(given)]
            yield CheckItem(str(number), one.target, one.proof, options=one.options)

    early = done = 0.0
    answered = 0
    async with CheckerClient(service.address) as client:
        await client.wait_until_ready()
        async for _ in client.check_proofs(endless()):
            answered += 1
            if answered == _EARLY:
                early = service.memory_mb()[0]
    done = service.memory_mb()[0]
    return Soak(answered, _EARLY, early, done)
