"""Waiting for the shards of an experiment, by what their parts tell."""

import time
from collections.abc import Callable, Sequence

from evaluator.causes import PASSING
from evaluator.record import Key
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
    seen = _Seen(experiment)
    told = -1
    until = time.monotonic() + patience_s
    while True:
        for place in places:
            seen.look(place)
        ended = seen.ended() & wanted
        if len(ended) != told:
            told = len(ended)
            say(f"{experiment}: {told} of {shards} shards have ended")
        left_s = until - time.monotonic()
        if ended == wanted or left_s <= 0:
            return len(wanted) - len(ended)
        time.sleep(min(_LOOK_S, left_s))


class _Seen:
    """What parts have told so far. A shard whose theorems are to be tried again has not ended."""

    def __init__(self, experiment: str) -> None:
        self._experiment = experiment
        self._read: set[str] = set()
        self._ended: set[str] = set()
        self._done: set[Key] = set()
        self._again: dict[Key, str] = {}

    def look(self, place: str) -> None:
        """Reads the parts in a place that were not read yet."""
        folder = Folder(place)
        for name in folder.names():
            if name in self._read or f"/{experiment_folder(self._experiment)}/" not in f"/{name}":
                continue
            part = folder.read(name)
            self._read.add(name)
            if part.experiment == self._experiment:
                self._ended |= {run.shard for run in part.runs if run.ended}
                for record in part.records:
                    if record.cause in PASSING:
                        self._again[record.key] = record.shard
                    else:
                        self._done.add(record.key)

    def ended(self) -> set[str]:
        """The shards that have."""
        return self._ended - {shard for key, shard in self._again.items() if key not in self._done}
