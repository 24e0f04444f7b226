"""Which workers are kept for later: a few in any case, more while they are small, and never those that are worn."""

from pathlib import Path

import pytest
from tests.coq_checker.servers import start_server, wait_until

from coq_checker.client import FreeStatement, SyncCheckerClient
from coq_checker.engine.options import EngineOptions
from coq_checker.environment import Environment
from coq_checker.gates.text import Mode
from coq_checker.pool.idle import IdleWorkers
from coq_checker.pool.worker import Target, Worker
from coq_checker.toolchain import SandboxMode, Toolchain

TOOLCHAIN = Toolchain("test", "8.20.1", "0.20", "/coq", Path("/"), SandboxMode.NONE, "/bin")


def target(name: str) -> Target:
    return Target(Environment(name.encode(), EngineOptions(TOOLCHAIN)), 0, b"Lemma t : True.", Mode.PROOF)


class Sized(Worker):
    """A worker without a process, of a size."""

    def __init__(self, name: str, own_bytes: int, worn: bool = False) -> None:
        self.target, self.size, self._worn, self.dead = target(name), own_bytes, worn, False

    def own_bytes(self) -> int:
        return self.size

    @property
    def worn(self) -> bool:
        return self._worn or self.dead

    def turn_to(self, target: Target, *, go_on: bool) -> bool:
        return target == self.target

    def kill(self) -> None:
        self.dead = True


def rounds(idle: IdleWorkers, sizes: dict[str, int], count: int) -> int:
    """How many workers had to be made by a client that goes round so many files so often."""
    made = 0
    for _ in range(count):
        for name, size in sizes.items():
            worker = idle.take(target(name), go_on=False)
            if worker is None:
                worker, made = Sized(name, size), made + 1
            idle.keep(worker)
    return made


def test_a_few_stay_whatever_their_size() -> None:
    idle = IdleWorkers(few=2, most=8, own_bytes=10)
    assert rounds(idle, {"a": 100, "b": 100}, 5) == 2
    assert len(idle) == 2


def test_more_stay_while_they_are_small() -> None:
    idle = IdleWorkers(few=2, most=8, own_bytes=100)
    assert rounds(idle, dict.fromkeys("abcdefgh", 10), 5) == 8
    assert len(idle) == 8


def test_never_more_than_the_most() -> None:
    idle = IdleWorkers(few=2, most=3, own_bytes=100)
    rounds(idle, dict.fromkeys("abcdefgh", 1), 5)
    assert len(idle) == 3


def test_a_large_one_makes_room_for_the_small_ones() -> None:
    idle = IdleWorkers(few=2, most=8, own_bytes=100)
    sizes = dict.fromkeys("abcd", 20) | {"large": 90}
    # Least recently used first, none would ever be there again.
    assert rounds(idle, sizes, 10) <= 5 + 2 * 9


def test_what_is_not_used_any_more_goes_in_the_end() -> None:
    idle = IdleWorkers(few=1, most=8, own_bytes=100)
    idle.keep(small := Sized("small", 10))
    for number in range(200):
        idle.keep(Sized(f"other {number}", 50))
    assert small.dead


def test_a_worn_one_is_ended() -> None:
    idle = IdleWorkers(few=2, most=8, own_bytes=100)
    idle.keep(worn := Sized("a", 1, worn=True))
    assert worn.dead
    assert len(idle) == 0


def test_all_that_go_are_ended() -> None:
    idle = IdleWorkers(few=1, most=2, own_bytes=100)
    workers = [Sized(f"{number}", 10) for number in range(6)]
    for worker in workers:
        idle.keep(worker)
    assert [worker.dead for worker in workers].count(False) == len(idle) == 2
    idle.drop(TOOLCHAIN.key)
    assert all(worker.dead for worker in workers)


@pytest.mark.parametrize("most", [2, 4])
def test_a_server_keeps_as_many_as_it_is_told(most: int) -> None:
    """Real workers of as many texts that have nothing in common."""
    server = start_server(slots=1, idle_workers=1, idle_workers_most=most)
    try:
        with SyncCheckerClient(server.address) as checker:
            for number in range(6):
                stated = FreeStatement(f"Lemma t : d = {number}.", context=f"Definition d := {number}.")
                assert checker.check_proof(stated, "reflexivity.").proved
        # A document, a worker of each that was kept.
        wait_until("the others have ended", lambda: len(server.coqs()) == 6 + most)
    finally:
        server.stop()
