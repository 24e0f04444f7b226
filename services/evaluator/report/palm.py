"""What PALM's authors recorded for a theorem, beside what an experiment found.

The file has a line for each theorem and run: `project, file, theorem, run, succeeded, seconds`. `file` is without
`.v`; `theorem` is the bare name; `run` is the model, or the model and what was left out.
"""

import csv
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from evaluator.record import Key
from evaluator.report.experiment import Experiment, ReportError

_COLUMNS = ("project", "file", "theorem", "run", "succeeded")
_OUTCOMES = {"1": True, "0": False}

_Name: TypeAlias = tuple[str, str, str]


class NoRunError(ReportError):
    """No experiment's model is one of the runs."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run's outcomes, on the theorems of the experiments.

    Attributes:
        outcomes: whether the run proved it, for each theorem that was found in both.
        rows: the run's theorems in the projects of the experiments.
        unmatched: those of them that no experiment has.
        ambiguous: those whose name stands more than once in its file, so that it is not known which one is meant.
        models: experiments whose model is this run's.
    """

    name: str
    run: str
    outcomes: Mapping[Key, bool]
    rows: int
    unmatched: int
    ambiguous: int
    models: tuple[str, ...]


def read(choice: str, experiments: Sequence[Experiment]) -> list[Recorded]:
    """The runs that `choice` names: `FILE.csv:RUN`, or `FILE.csv` for those of the experiments' own models.

    Raises:
        ReportError: the file is not there or is not PALM's, or the run is not in it.
        NoRunError: no run is named, and the experiments' models have none.
    """
    path, run = _file_and_run(choice)
    table = _table(path)
    if run is not None:
        if run not in table:
            raise ReportError(f"{path} has no run {run!r}: it has {_listed(table)}.")
        runs = [run]
    else:
        models = {record.model for experiment in experiments for record in experiment.records.values()}
        runs = [name for name in sorted(table) if name in models]
        if not runs:
            raise NoRunError(
                f"no experiment's model is a run of {path}: name one as FILE.csv:RUN, of {_listed(table)}."
            )
    return [_joined(name, table[name], experiments) for name in runs]


def _file_and_run(choice: str) -> tuple[Path, str | None]:
    whole = Path(choice)
    path, colon, run = choice.rpartition(":")
    if not colon or whole.exists():
        return whole, None
    return Path(path), run


def _table(path: Path) -> dict[str, dict[_Name, bool]]:
    """By run, whether each theorem was proved."""
    runs: dict[str, dict[_Name, bool]] = defaultdict(dict)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (lines.fieldnames or ())]
            if missing:
                raise ReportError(f"{path} is not PALM's table: it has no column {missing[0]!r}.")
            for line in lines:
                succeeded = _OUTCOMES.get(line["succeeded"])
                if succeeded is None or None in (line["project"], line["file"], line["theorem"], line["run"]):
                    raise ReportError(
                        f"{path} is not PALM's table: line {lines.line_num} has {line['succeeded']!r} as `succeeded`."
                    )
                runs[line["run"]][line["project"], _file_name(line["file"]), line["theorem"]] = succeeded
    except OSError as error:
        raise ReportError(f"{path} cannot be read: {(error.strerror or 'unknown error').lower()}.") from error
    except (UnicodeDecodeError, csv.Error):
        raise ReportError(f"{path} is not PALM's table: it is not a CSV file in UTF-8.") from None
    if not runs:
        raise ReportError(f"{path} has no line under its header.")
    return runs


def _joined(run: str, table: Mapping[_Name, bool], experiments: Sequence[Experiment]) -> Recorded:
    keys = {key for experiment in experiments for key in experiment.records}
    projects = {key.project for key in keys}
    by_name: dict[_Name, set[Key]] = defaultdict(set)
    for key in keys:
        # Both names of a theorem in a module: the table has the bare one, whatever the module.
        for theorem in {key.theorem, key.theorem.rpartition(".")[2]}:
            by_name[key.project, _file_name(key.file), theorem].add(key)
    outcomes: dict[Key, bool] = {}
    rows = unmatched = ambiguous = 0
    for name, succeeded in table.items():
        if name[0] not in projects:
            continue
        rows += 1
        found = by_name.get(name, set())
        only = next(iter(found)) if len(found) == 1 else None
        if only is not None and only.index == 0:
            outcomes[only] = succeeded
        elif found:
            ambiguous += 1
        else:
            unmatched += 1
    if not outcomes:
        raise ReportError(
            f"no theorem of the experiments has an outcome in the run {run!r}: see that the projects are the same."
        )
    return Recorded(f"PALM: {run}", run, outcomes, rows, unmatched, ambiguous, tuple(_of_model(run, experiments)))


def _of_model(run: str, experiments: Iterable[Experiment]) -> list[str]:
    return [one.name for one in experiments if any(record.model == run for record in one.records.values())]


def _file_name(file: str) -> str:
    return file.removeprefix("./").removesuffix(".v")


def _listed(names: Collection[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names))
