"""Theorems to simulate, drawn from what was measured."""

import json
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Trace:
    """What was measured of one theorem.

    Attributes:
        alone_s: wall time, with its file at hand.
        prepare_s: what making its file ready took, once.
        questions_s: the work of each question to the checker, in order.
        median_s: of the questions' work.
        between_s: what passes between two questions: the prover's own time, its model's and its retriever's.
    """

    alone_s: float
    prepare_s: float
    questions_s: tuple[float, ...]
    median_s: float
    between_s: float


@dataclass(frozen=True, slots=True)
class Theorem:
    """A simulated theorem.

    Attributes:
        file: number of its file.
        trace: how it behaves.
    """

    file: int
    trace: Trace


@dataclass(frozen=True, slots=True)
class Workload:
    """Theorems in the order of their files.

    Attributes:
        theorems: all of them.
        prepare_s: for each file, what making it ready in a checker takes.
    """

    theorems: tuple[Theorem, ...]
    prepare_s: tuple[float, ...]

    @property
    def alone_s(self) -> float:
        """What all theorems take on one slot with nothing to wait for."""
        return sum(one.trace.alone_s for one in self.theorems) + sum(self.prepare_s)


@dataclass(frozen=True, slots=True)
class Measured:
    """What `benchmarks.scale.measure` wrote.

    Attributes:
        budget_cpu_s: of each theorem.
        traces: of the theorems.
        theorems_per_file: of all files of the projects.
    """

    budget_cpu_s: float
    traces: tuple[Trace, ...]
    theorems_per_file: tuple[int, ...]

    @classmethod
    def read(cls, path: Path) -> "Measured":
        """Reads it."""
        told = json.loads(path.read_text())
        return cls(
            told["budget_cpu_s"],
            tuple(_trace(one) for one in told["theorems"] if one["questions"]),
            tuple(told["theorems_per_file"]),
        )

    def draw(self, count: int, seed: int) -> Workload:
        """So many theorems: files as large as the projects' files are, each theorem a measured one.

        Theorems are drawn independently of their file: what is measured is too little to say how alike those of one
        file are.
        """
        chance = random.Random(seed)
        theorems: list[Theorem] = []
        prepare_s: list[float] = []
        while len(theorems) < count:
            size = min(chance.choice(self.theorems_per_file), count - len(theorems))
            theorems += [Theorem(len(prepare_s), chance.choice(self.traces)) for _ in range(size)]
            prepare_s.append(chance.choice(self.traces).prepare_s)
        return Workload(tuple(theorems), tuple(prepare_s))


def _trace(told: dict[str, Sequence[Sequence[float]]]) -> Trace:
    questions = told["questions"]
    prepare_s = float(questions[0][0])
    # Later ones are new workers, which every checker has to make: they belong to the question.
    work = [float(questions[0][1]), *(float(environment_s) + float(work_s) for environment_s, work_s in questions[1:])]
    wall_s = float(told["wall_s"])  # type: ignore[arg-type]
    alone_s = max(wall_s - prepare_s, sum(work))
    return Trace(alone_s, prepare_s, tuple(work), statistics.median(work), (alone_s - sum(work)) / len(work))
