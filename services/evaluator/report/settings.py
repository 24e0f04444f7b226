"""Under what settings the experiments ran, and what is to be known of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluator.causes import FILE, GONE, PASSING, PROJECT
from evaluator.record import Record
from evaluator.report.experiment import Experiment
from evaluator.store import Outcome

_SHOWN: dict[str, Callable[[Record], str]] = {
    "model": lambda record: record.model,
    "prompt": lambda record: record.prompt,
    "goals printed as": lambda record: record.printing,
    "budget, CPU s a theorem": lambda record: f"{record.budget_cpu_s:g}",
    "samples": lambda record: str(record.samples or "as suit the model"),
    "seed": lambda record: str(record.seed),
    "backtracking": lambda record: "yes" if record.backtrack else "no",
    "retrieval": lambda record: "yes" if record.retrieval else "no",
    "Coq": lambda record: record.coq_version,
    "Palmetto": lambda record: record.palmetto_version,
}
# These may change from theorem to theorem: one whose work ended before the model was asked names no model.
_MAY_BE_EMPTY = ("model", "prompt", "goals printed as", "Coq", "Palmetto")
_UNTRIED = PASSING | {PROJECT, FILE, GONE}


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting's value in each experiment; `differs` where they are not the same."""

    name: str
    values: tuple[str, ...]
    differs: bool


def settings_of(experiments: Sequence[Experiment]) -> tuple[Setting, ...]:
    """Settings of the experiments, side by side; a value that changes within one is told with all it had."""
    rows = [(name, [", ".join(_values(one, name)) for one in experiments]) for name in _SHOWN]
    # Records do not have it; the whole run does. PALM's recorded runs have none.
    told = [one.settings.get("hammer") for one in experiments]
    hammer = ["" if one is None else "yes" if one else "no" for one in told]
    rows.insert([name for name, _ in rows].index("retrieval") + 1, ("CoqHammer", hammer))
    memory = [bool(one.settings.get("memory")) for one in experiments]
    if any(memory):
        rows.append(("Coq's answers remembered", ["yes" if one else "no" for one in memory]))
    started = [[record.started_at for record in one.records.values() if record.started_at] for one in experiments]
    found = [Setting(name, tuple(values), len(set(values)) > 1) for name, values in rows if any(values)]
    if any(started):
        found.append(Setting("begun", tuple(min(times, default="")[:16] for times in started), differs=False))
    return tuple(found)


def notes_of(experiments: Sequence[Experiment], common: int) -> tuple[str, ...]:
    """Sentences on what limits the figures."""
    notes = []
    for one in experiments:
        more = len(one.records) - common
        if more:
            notes.append(f"{more} of the {len(one.records)} theorems of {one.name} are not in every experiment.")
    for one in experiments:
        mixed = [name for name in _SHOWN if len(_values(one, name)) > 1]
        if mixed:
            notes.append(f"{one.name} did not run under one setting: {', '.join(mixed)} changed within it.")
    for one in experiments:
        untried = sum(record.cause in _UNTRIED for record in one.records.values())
        if untried:
            notes.append(
                f"{untried} of the {len(one.records)} theorems of {one.name} could not be worked on, for a reason "
                "outside the prover; they count as not proved."
            )
    for one in experiments:
        refused = len(one.said(Outcome.REFUSED))
        if refused:
            notes.append(f"coqc refused {refused} of the proofs of {one.name}: its figures cannot be trusted.")
    return tuple(notes)


def _values(experiment: Experiment, name: str) -> list[str]:
    values = {_SHOWN[name](record) for record in experiment.records.values()}
    if name in _MAY_BE_EMPTY:
        values.discard("")
    return sorted(values)
