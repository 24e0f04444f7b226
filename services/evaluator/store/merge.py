"""Brings experiments together: parts of shards, and stores of other machines."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from evaluator.record import Record
from evaluator.store.experiments import ExperimentStore
from evaluator.store.parts import Folder, Part, better, parts
from evaluator.store.values import StoreError

_AT_ONCE = 500


@dataclass(slots=True)
class Merged:
    """What came of an experiment.

    Attributes:
        parts: how many were read.
        records: how many they held.
        taken: how many of them are new, or better than what was there.
    """

    parts: int = 0
    records: int = 0
    taken: int = 0


def merge(
    store: ExperimentStore,
    places: Iterable[str],
    *,
    only: str | None = None,
    name: str | None = None,
    read: Callable[[str], None] = lambda _: None,
) -> dict[str, Merged]:
    """Takes in all parts and stores of some places; by experiment, what came of it.

    What is there already is not counted twice, whatever overlaps and however often it is merged.

    Args:
        store: where to.
        places: folders with parts, or SQLite stores.
        only: the experiment that is wanted; None for all.
        name: what to call it here, with `only`.
        read: called with each part's path.

    Raises:
        StoreError: nothing is there, something cannot be read, or the settings of what has one name differ.
    """
    found: dict[str, Merged] = {}
    for place in places:
        before = sum(one.parts for one in found.values())
        for part in _parts(place, only):
            read(part.path)
            take(store, replace(part, experiment=name or part.experiment), found)
        if sum(one.parts for one in found.values()) == before:
            which = f" of the experiment {only}" if only else ""
            raise StoreError(f"there are no parts{which} in {place}: give a folder that `palmetto eval --out` wrote.")
    return found


def take(store: ExperimentStore, part: Part, found: dict[str, Merged]) -> None:
    """Takes one part in.

    Raises:
        StoreError: its settings are not those of the experiment here.
    """
    name = part.experiment
    store.begin(name, part.settings, part.projects)
    told = found.setdefault(name, Merged())
    told.parts += 1
    told.records += len(part.records)
    held = {run.id: run for run in store.runs(name)}
    for run in part.runs:
        # A part tells what a run had cost when it was written: the latest one counts.
        if run.id not in held or held[run.id].wall_s <= run.wall_s:
            store.put_run(name, run)
    fresh: list[Record] = []
    for record in part.records:
        there = store.record(name, record.key)
        mine = replace(record, experiment=name)
        if there is None or (there != mine and better(there, mine) == mine):
            fresh.append(mine)
    for start in range(0, len(fresh), _AT_ONCE):
        store.put_all(fresh[start : start + _AT_ONCE])
    told.taken += len(fresh)


def _parts(place: str, only: str | None) -> Iterable[Part]:
    path = Path(place)
    if not path.is_file() or path.suffix == ".parquet":
        yield from parts(Folder(place), only)
        return
    with ExperimentStore.open(path, create=False) as other:
        for name in other.experiments():
            if only is None or name == only:
                projects = other.experiment(name)["projects"]
                records = tuple(other.records(name, events=True))
                yield Part(place, name, other.settings(name) or {}, projects, tuple(other.runs(name)), records)
