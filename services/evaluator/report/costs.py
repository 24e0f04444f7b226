"""What the proofs cost, and how many theorems are proved by when."""

import bisect
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from evaluator.record import Key, Record
from evaluator.report.experiment import Experiment

CLOCKS = {"cpu_s": "CPU time", "wall_s": "wall-clock time"}
"""What a theorem's time is, as a record calls it, and in words. CPU time is that of Coq and its provers."""

_MARKS = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600)


@dataclass(frozen=True, slots=True)
class Curve:
    """How many of `total` theorems are proved within a time.

    Attributes:
        times: seconds that each proof took, ascending.
    """

    times: tuple[float, ...]
    total: int

    def solved(self, within_s: float) -> int:
        """Proved within so many seconds."""
        return bisect.bisect_right(self.times, within_s)


class StageSum(NamedTuple):
    """What a stage took over all theorems."""

    cpu_s: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What an experiment cost.

    Attributes:
        cpu_s: CPU seconds of Coq and of the provers that it starts, over all theorems.
        wall_s: wall clock, added up over the theorems: where several ran at one time, more than the run took.
        cpu_median_s, wall_median_s: of a theorem.
        cpu_per_proof_s: all CPU seconds, those of failures included, by the number of proofs; None without a proof.
        orchestration_cpu_s: CPU seconds of everything else; None where it was not measured.
        stages: by name, in the order in which they first come.
    """

    theorems: int
    proved: int
    cpu_s: float
    wall_s: float
    cpu_median_s: float
    wall_median_s: float
    cpu_per_proof_s: float | None
    prompt_tokens: int
    completion_tokens: int
    orchestration_cpu_s: float | None
    stages: Mapping[str, StageSum]

    @property
    def orchestration_share(self) -> float | None:
        """Of all CPU seconds, those outside Coq and its provers."""
        if self.orchestration_cpu_s is None or not self.cpu_s + self.orchestration_cpu_s:
            return None
        return self.orchestration_cpu_s / (self.cpu_s + self.orchestration_cpu_s)


def cost_of(experiment: Experiment) -> Cost:
    """Adds up an experiment's costs."""
    records = list(experiment.records.values())
    proved = sum(record.proved for record in records)
    cpu_s = math.fsum(record.cpu_s for record in records)
    return Cost(
        theorems=len(records),
        proved=proved,
        cpu_s=cpu_s,
        wall_s=math.fsum(record.wall_s for record in records),
        cpu_median_s=statistics.median(record.cpu_s for record in records),
        wall_median_s=statistics.median(record.wall_s for record in records),
        cpu_per_proof_s=cpu_s / proved if proved else None,
        prompt_tokens=sum(record.prompt_tokens for record in records),
        completion_tokens=sum(record.completion_tokens for record in records),
        orchestration_cpu_s=experiment.orchestration_cpu_s,
        stages=_stages(records),
    )


def _stages(records: Sequence[Record]) -> dict[str, StageSum]:
    sums: dict[str, StageSum] = {}
    # The longest list of stages has them in the prover's order; a proof found early has only the first ones.
    for record in sorted(records, key=lambda one: -len(one.stages)):
        for stage in record.stages:
            before = sums.get(stage.name, StageSum(0.0, 0.0))
            sums[stage.name] = StageSum(before.cpu_s + stage.cpu_s, before.wall_s + stage.wall_s)
    return sums


def curves_of(experiments: Sequence[Experiment], keys: frozenset[Key]) -> dict[str, dict[str, Curve]]:
    """By clock and experiment, on the theorems `keys`."""
    return {
        clock: {
            one.name: Curve(
                tuple(sorted(float(getattr(one.records[key], clock)) for key in one.proved & keys)), len(keys)
            )
            for one in experiments
        }
        for clock in CLOCKS
    }


def marks(curves: Mapping[str, Curve]) -> list[float]:
    """The seconds at which a table tells the curves: up to the first mark where nothing more is proved."""
    latest = max((curve.times[-1] for curve in curves.values() if curve.times), default=0.0)
    return list(_MARKS[: bisect.bisect_left(_MARKS, latest) + 1])
