"""Questions of many theorems to many checkers: which checker is asked, and what that costs.

Every theorem asks one question after the other, with its own pauses. A checker with one slot answers them in the order
in which they come. It has the file of a theorem at hand, or makes it ready first (and keeps the last `DOCUMENTS`). It
also knows the last `TARGETS` theorems that it was asked about; of another one it runs the beginning of the proof again,
which is taken to be as much work as the theorem's median question.
"""

import heapq
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.scale.workload import Workload

DOCUMENTS = 24
TARGETS = 4


@dataclass(slots=True)
class Checker:
    """One slot."""

    free_at_s: float = 0.0
    waiting: int = 0
    busy_s: float = 0.0
    files: OrderedDict[int, None] = field(default_factory=OrderedDict)
    targets: OrderedDict[int, None] = field(default_factory=OrderedDict)
    open: set[int] = field(default_factory=set)  # theorems that asked it and are under way

    def has(self, file: int) -> bool:
        """Whether the file is at hand; it is afterwards."""
        return _touch(self.files, file, DOCUMENTS)

    def knows(self, theorem: int) -> bool:
        """Whether the beginning of its proof is at hand; it is afterwards."""
        return _touch(self.targets, theorem, TARGETS)


def _touch(held: OrderedDict[int, None], what: int, most: int) -> bool:
    there = what in held
    held[what] = None
    held.move_to_end(what)
    if len(held) > most:
        held.popitem(last=False)
    return there


Choose = Callable[[list[Checker], int, int, int], int]
"""Which checker a question goes to: checkers, number of the question, theorem, file."""


def round_robin(checkers: list[Checker], question: int, _theorem: int, _file: int) -> int:
    """The next one, whatever it is doing: gRPC's own policy."""
    return question % len(checkers)


def least_loaded(checkers: list[Checker], _question: int, _theorem: int, _file: int) -> int:
    """The one with the fewest questions."""
    return min(range(len(checkers)), key=lambda number: checkers[number].waiting)


def by_theorem(checkers: list[Checker], _question: int, theorem: int, _file: int) -> int:
    """Always the same one for a theorem: consistent hashing."""
    return _hash(theorem, 0) % len(checkers)


def by_file(checkers: list[Checker], _question: int, _theorem: int, file: int) -> int:
    """Always the same one for a file."""
    return _hash(file, 0) % len(checkers)


def by_file_bounded(checkers: list[Checker], _question: int, theorem: int, file: int) -> int:
    """The first in the file's own order of all checkers that is not loaded above the mean.

    Rendezvous hashing (Thaler and Ravishankar 1998) with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2018).
    """
    bound = 1.25 * (1 + sum(one.waiting for one in checkers)) / len(checkers)
    # Only the beginning of the order is ever needed.
    for rank in range(len(checkers)):
        number = _hash(file, rank) % len(checkers)
        if checkers[number].waiting + 1 <= max(1.0, bound):
            return number
    return _hash(theorem, 0) % len(checkers)


class Sticky:
    """A theorem stays where its first question went: to a checker with the fewest theorems, one with its file if any.

    This is what `coq_checker.client` does.
    """

    def __init__(self) -> None:
        self._where: dict[int, int] = {}

    def __call__(self, checkers: list[Checker], question: int, theorem: int, file: int) -> int:
        """The theorem's checker."""
        if theorem not in self._where:
            self._where[theorem] = min(
                range(len(checkers)),
                key=lambda number: (len(checkers[number].open), file not in checkers[number].files),
            )
        return self._where[theorem]


def _hash(what: int, salt: int) -> int:
    return zlib.crc32(what.to_bytes(8, "little") + salt.to_bytes(4, "little"))


@dataclass(frozen=True, slots=True)
class Routed:
    """What came of it.

    Attributes:
        makespan_s: until the last theorem is done.
        useful_s: what the checkers worked on questions, of what all worked.
        wasted_s: what they spent on making files ready and on beginnings of proofs again.
        slots: checkers.
    """

    makespan_s: float
    useful_s: float
    wasted_s: float
    slots: int

    @property
    def useful(self) -> float:
        """Share of the checkers' time that went into questions."""
        return self.useful_s / (self.makespan_s * self.slots)


def route(workload: Workload, slots: int, in_flight: int, choose: Choose) -> Routed:
    """Works the theorems off in order, `in_flight` at one time."""
    checkers = [Checker() for _ in range(slots)]
    # What happens next: time, order of happening, kind, theorem, number of its question, checker.
    happenings: list[tuple[float, int, int, int, int, int]] = []
    asked = begun = happened = 0
    useful_s = wasted_s = now = 0.0

    def begin(at: float) -> None:
        nonlocal begun, happened
        if begun < len(workload.theorems):
            heapq.heappush(happenings, (at, happened, 0, begun, 0, -1))
            begun += 1
            happened += 1

    for _ in range(in_flight):
        begin(0.0)
    while happenings:
        now, _, kind, theorem, question, number = heapq.heappop(happenings)
        one = workload.theorems[theorem]
        if kind == 0:
            number = choose(checkers, asked, theorem, one.file)
            asked += 1
            checker = checkers[number]
            again_s = 0.0 if checker.has(one.file) else workload.prepare_s[one.file]
            if not checker.knows(theorem) and question:
                again_s += one.trace.median_s
            work_s = one.trace.questions_s[question]
            useful_s += work_s
            wasted_s += again_s
            checker.waiting += 1
            checker.open.add(theorem)
            checker.free_at_s = max(checker.free_at_s, now) + again_s + work_s
            heapq.heappush(happenings, (checker.free_at_s, happened, 1, theorem, question, number))
            happened += 1
        else:
            checkers[number].waiting -= 1
            if question + 1 < len(one.trace.questions_s):
                heapq.heappush(happenings, (now + one.trace.between_s, happened, 0, theorem, question + 1, -1))
                happened += 1
            else:
                for checker in checkers:
                    checker.open.discard(theorem)
                begin(now)
    return Routed(now, useful_s, wasted_s, slots)
