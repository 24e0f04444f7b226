"""An Indexed Job over shards: how long it takes, and how much of the checkers it keeps at work.

A theorem is its wall time here, and a checker a place for one at a time. `threads` theorems of a shard run at one time
in its pod; a pod that is done makes room for the next index. A theorem that is the first of its file in its shard waits
for the file to be made ready.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchmarks.scale.workload import Workload

Deal = Callable[[Workload, int], list[list[int]]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a simulated run.

    Attributes:
        makespan_s: from the start of the first pod to the end of the last one.
        work_s: all theorems alone on one slot.
        slots: theorems that can be worked on at one time.
    """

    makespan_s: float
    work_s: float
    slots: int

    @property
    def utilisation(self) -> float:
        """How much of the time that the slots were there went into theorems."""
        return self.work_s / (self.makespan_s * self.slots)


def by_theorem(workload: Workload, count: int) -> list[list[int]]:
    """Theorems dealt out like cards, as `palmetto eval --shard` does: every shard has its share of every project."""
    order = sorted(range(len(workload.theorems)), key=lambda number: (number * 2654435761) % (1 << 32))
    return [sorted(order[number::count]) for number in range(count)]


def by_file(workload: Workload, count: int) -> list[list[int]]:
    """Whole files, the largest first to the shard that has the fewest theorems."""
    files: dict[int, list[int]] = {}
    for number, one in enumerate(workload.theorems):
        files.setdefault(one.file, []).append(number)
    shards: list[list[int]] = [[] for _ in range(count)]
    sizes = [(0, number) for number in range(count)]
    for held in sorted(files.values(), key=len, reverse=True):
        size, number = heapq.heappop(sizes)
        shards[number] += held
        heapq.heappush(sizes, (size + len(held), number))
    return shards


def indexed_job(
    workload: Workload, shards: Sequence[Sequence[int]], slots: int, threads: int, pod_start_s: float
) -> Outcome:
    """Runs shards in the order of their index on `slots // threads` pods (one at least)."""
    threads = min(threads, slots)
    pods = [0.0] * max(1, slots // threads)
    heapq.heapify(pods)
    ends = 0.0
    for shard in shards:
        if not shard:
            continue
        start = heapq.heappop(pods) + pod_start_s
        end = max(_listed(_durations(workload, shard), threads, start))
        heapq.heappush(pods, end)
        ends = max(ends, end)
    return Outcome(ends, workload.alone_s, slots)


def one_queue(workload: Workload, slots: int, pod_start_s: float) -> Outcome:
    """A single queue of theorems that every slot takes from, each file made ready once: nothing static does better."""
    ends = _listed(_durations(workload, range(len(workload.theorems))), slots, pod_start_s)
    return Outcome(max(ends), workload.alone_s, slots)


def _durations(workload: Workload, numbers: Iterable[int]) -> list[float]:
    seen: set[int] = set()
    found = []
    for number in numbers:
        one = workload.theorems[number]
        found.append(one.trace.alone_s + (0.0 if one.file in seen else workload.prepare_s[one.file]))
        seen.add(one.file)
    return found


def _listed(durations: Iterable[float], places: int, start: float) -> list[float]:
    """When each place is done, where every item goes to the first place that is free."""
    free = [start] * places
    for duration in durations:
        heapq.heappush(free, heapq.heappop(free) + duration)
    return free
