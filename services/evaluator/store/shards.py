"""Waiting for the shards of an experiment, by what their parts tell."""

import time
from collections.abc import Callable, Sequence

from evaluator.store.parts import Folder, experiment_folder

_LOOK_S = 5.0


def wait_for_shards(
    places: Sequence[str], experiment: str, shards: int, patience_s: float, say: Callable[[str], None]
) -> int:
    """Waits until all shards of an experiment have ended; how many have not when patience is at its end.

    Args:
        places: folders with parts.
        experiment: its name.
        shards: how many there are.
        patience_s: how long to wait.
        say: called when there is something new to tell.

    Raises:
        StoreError: a part cannot be read.
    """
    wanted = {f"{number}/{shards}" for number in range(shards)}
    ended: set[str] = set()
    read: set[str] = set()
    told = -1
    until = time.monotonic() + patience_s
    while True:
        for place in places:
            ended |= _ended(place, experiment, read) & wanted
        if len(ended) != told:
            told = len(ended)
            say(f"{experiment}: {told} of {shards} shards have ended")
        left_s = until - time.monotonic()
        if ended == wanted or left_s <= 0:
            return len(wanted) - len(ended)
        time.sleep(min(_LOOK_S, left_s))


def _ended(place: str, experiment: str, read: set[str]) -> set[str]:
    """Shards that have ended, by the parts in a place that were not read yet."""
    folder = Folder(place)
    found: set[str] = set()
    for name in folder.names():
        if name in read or f"/{experiment_folder(experiment)}/" not in f"/{name}":
            continue
        part = folder.read(name)
        read.add(name)
        if part.experiment == experiment:
            found |= {run.shard for run in part.runs if run.ended}
    return found
