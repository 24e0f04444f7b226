"""What a report says, as numbers: every output is made from these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluator.record import Key
from evaluator.report import statistics
from evaluator.report.costs import Cost, Curve, cost_of, curves_of
from evaluator.report.experiment import Experiment, ReportError
from evaluator.report.palm import Recorded
from evaluator.report.settings import Setting, notes_of, settings_of
from evaluator.report.statistics import Interval, Paired

ALL = "all projects"
"""The row of the totals."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the theorems were proved, with Wilson's interval of the rate."""

    proved: int
    total: int

    @property
    def rate(self) -> float:
        """0 where there are none."""
        return self.proved / self.total if self.total else 0.0

    @property
    def interval(self) -> Interval:
        """Of the rate."""
        return statistics.wilson(self.proved, self.total)


@dataclass(frozen=True, slots=True)
class Line:
    """Two on the theorems of one project that both have.

    Attributes:
        p_holm: the p-value adjusted for the number of projects; None on the line of the totals.
    """

    project: str
    counts: Paired
    interval: Interval
    p: float
    p_holm: float | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two on the theorems that both have; differences are the second's less the first's.

    Attributes:
        lines: a project each.
        total: over all projects.
        missing_first, missing_second: theorems that only the other one has.
        only_first, only_second: what only one of them proves.
    """

    first: str
    second: str
    lines: tuple[Line, ...]
    total: Line
    missing_first: int
    missing_second: int
    only_first: tuple[Key, ...]
    only_second: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Experiments side by side.

    Attributes:
        columns: names of the experiments, then those of the recorded runs.
        projects: their names, sorted.
        shares: by project (`ALL` for the totals), then by column; each on all its own theorems.
        common: theorems that all experiments have.
        pairs: each experiment against the first, then against the recorded runs.
        alone: what only this one of the experiments proves, of the theorems that all have.
        curves: by clock (`cpu_s`, `wall_s`), then by experiment, on the theorems that all have.
        causes, found_by: how many theorems, by why there is no proof and by what found it, then by experiment.
        notes: what a reader must know to read the figures right.
    """

    experiments: tuple[Experiment, ...]
    recorded: tuple[Recorded, ...]
    columns: tuple[str, ...]
    projects: tuple[str, ...]
    shares: Mapping[str, Mapping[str, Share]]
    common: int
    pairs: tuple[Pair, ...]
    alone: Mapping[str, tuple[Key, ...]]
    curves: Mapping[str, Mapping[str, Curve]]
    causes: Mapping[str, Mapping[str, int]]
    found_by: Mapping[str, Mapping[str, int]]
    costs: Mapping[str, Cost]
    settings: tuple[Setting, ...]
    notes: tuple[str, ...]

    @property
    def theorems(self) -> list[Key]:
        """All theorems of all experiments, sorted."""
        return sorted({key for one in self.experiments for key in one.records})


def compare(experiments: Sequence[Experiment], recorded: Sequence[Recorded] = ()) -> Comparison:
    """Compares each experiment with the first, and with the recorded runs.

    A recorded run is compared with the experiments of its model, or with all where none has that model.

    Raises:
        ReportError: an experiment is given twice, or one has no theorem in common with the first.
    """
    names = [one.name for one in experiments]
    if not experiments:
        raise ReportError("there is nothing to compare: name an experiment.")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ReportError(f"the experiment {twice} is named twice: compare it with another one.")
    first, *others = experiments
    pairs = [_pair((first.name, _outcomes(first)), (other.name, _outcomes(other))) for other in others]
    for run in recorded:
        for one in experiments:
            if not run.models or one.name in run.models:
                pairs.append(_pair((run.name, run.outcomes), (one.name, _outcomes(one))))
    common = frozenset.intersection(*(frozenset(one.records) for one in experiments))
    columns = [(one.name, _outcomes(one)) for one in experiments] + [(run.name, run.outcomes) for run in recorded]
    projects = sorted({key.project for one in experiments for key in one.records})
    return Comparison(
        experiments=tuple(experiments),
        recorded=tuple(recorded),
        columns=tuple(name for name, _ in columns),
        projects=tuple(projects),
        shares={
            project: {name: _share(outcomes, project) for name, outcomes in columns} for project in [*projects, ALL]
        },
        common=len(common),
        pairs=tuple(pairs),
        alone=_alone(experiments, common),
        curves=curves_of(experiments, common),
        causes=_counts(experiments, "cause"),
        found_by=_counts(experiments, "how"),
        costs={one.name: cost_of(one) for one in experiments},
        settings=settings_of(experiments),
        notes=notes_of(experiments, len(common)),
    )


def _outcomes(experiment: Experiment) -> dict[Key, bool]:
    return {key: record.proved for key, record in experiment.records.items()}


def _share(outcomes: Mapping[Key, bool], project: str) -> Share:
    chosen = [proved for key, proved in outcomes.items() if project in (ALL, key.project)]
    return Share(sum(chosen), len(chosen))


def _pair(one: tuple[str, Mapping[Key, bool]], two: tuple[str, Mapping[Key, bool]]) -> Pair:
    (first, before), (second, after) = one, two
    both = sorted(before.keys() & after.keys())
    if not both:
        raise ReportError(f"{first} and {second} have no theorem in common: see that their projects are the same.")
    projects = sorted({key.project for key in both})
    counted = [_counted(before, after, [key for key in both if key.project == project]) for project in projects]
    p_values = [statistics.mcnemar(counts.only_first, counts.only_second) for counts in counted]
    adjusted = statistics.holm(p_values)
    return Pair(
        first,
        second,
        tuple(
            Line(project, counts, statistics.difference_interval(counts), p, p_holm)
            for project, counts, p, p_holm in zip(projects, counted, p_values, adjusted, strict=True)
        ),
        _total(_counted(before, after, both)),
        missing_first=len(after.keys() - before.keys()),
        missing_second=len(before.keys() - after.keys()),
        only_first=tuple(key for key in both if before[key] and not after[key]),
        only_second=tuple(key for key in both if after[key] and not before[key]),
    )


def _total(counts: Paired) -> Line:
    p = statistics.mcnemar(counts.only_first, counts.only_second)
    return Line(ALL, counts, statistics.difference_interval(counts), p, None)


def _counted(before: Mapping[Key, bool], after: Mapping[Key, bool], keys: Sequence[Key]) -> Paired:
    found = [(before[key], after[key]) for key in keys]
    return Paired(*(found.count(outcome) for outcome in ((True, True), (True, False), (False, True), (False, False))))


def _alone(experiments: Sequence[Experiment], common: frozenset[Key]) -> dict[str, tuple[Key, ...]]:
    if len(experiments) < 2:
        return {}
    found = {}
    for one in experiments:
        others = frozenset[Key]().union(*(other.proved for other in experiments if other is not one))
        found[one.name] = tuple(sorted((one.proved & common) - others))
    return found


def _counts(experiments: Sequence[Experiment], what: str) -> dict[str, dict[str, int]]:
    """How many theorems have each cause (of those without a proof) or way of proof, the most frequent first."""
    table: dict[str, dict[str, int]] = {}
    for one in experiments:
        for record in one.records.values():
            if record.proved != (what == "how"):
                continue
            name = record.how if record.proved else record.cause or record.verdict.lower()
            row = table.setdefault(name or "not told", {other.name: 0 for other in experiments})
            row[one.name] += 1
    return dict(sorted(table.items(), key=lambda item: (-sum(item[1].values()), item[0])))
