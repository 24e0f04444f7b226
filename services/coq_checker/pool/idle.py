"""Workers that wait for the next candidate of their target, and which of them make room."""

from dataclasses import dataclass

from coq_checker.pool.worker import Target, Worker


@dataclass(slots=True)
class _Kept:
    worker: Worker
    own_bytes: int
    value: float


class IdleWorkers:
    """The workers that nothing runs in.

    A few are kept whatever their size, more as long as they are small. Which one goes is GreedyDual-Size (Cao and
    Irani, 1997): the last one used of the smallest stay, and what is not used loses its value with each that goes. The
    least recently used one alone would be wrong: a client that goes round more files than are kept would find none.

    Args:
        few: so many stay, however large.
        most: so many at the most.
        own_bytes: memory that more than the few may have between them, without what they share with their documents.
    """

    def __init__(self, few: int, most: int, own_bytes: int) -> None:
        self._few, self._most, self._own_bytes = few, max(few, most), own_bytes
        self._kept: dict[int, _Kept] = {}  # the one used last stands last
        self._gone_value = 0.0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._kept)

    def keep(self, worker: Worker) -> None:
        """Takes a worker in, and ends those that there is no room for; one that is worn at once."""
        if worker.worn:
            worker.kill()
            return
        own_bytes = max(1, worker.own_bytes())
        self._kept[id(worker)] = _Kept(worker, own_bytes, self._gone_value + 1 / own_bytes)
        while len(self._kept) > self._few and not self._fit():
            number, gone = min(self._kept.items(), key=lambda item: item[1].value)
            del self._kept[number]
            self._gone_value = gone.value
            gone.worker.kill()

    def _fit(self) -> bool:
        return len(self._kept) <= self._most and sum(kept.own_bytes for kept in self._kept.values()) <= self._own_bytes

    def take(self, target: Target, *, go_on: bool) -> Worker | None:
        """One that serves the target from now on; None where none can.

        Args:
            target: what is to be proved next.
            go_on: it may execute text up to the target (`Worker.turn_to`).
        """
        # One that served the target last knows its statement, and maybe the beginning of the proof.
        newest = [kept.worker for kept in reversed(self._kept.values())]
        at_home = [worker for worker in newest if worker.target == target]
        for worker in at_home + newest:
            if not worker.worn and worker.turn_to(target, go_on=go_on):
                del self._kept[id(worker)]
                return worker
        return None

    def drop(self, toolchain: str) -> None:
        """Ends those of the toolchain of a key."""
        for number, kept in list(self._kept.items()):
            if kept.worker.target.environment.options.toolchain.key == toolchain:
                kept.worker.kill()
                del self._kept[number]

    def clear(self) -> None:
        """Ends all."""
        for kept in self._kept.values():
            kept.worker.kill()
        self._kept.clear()
