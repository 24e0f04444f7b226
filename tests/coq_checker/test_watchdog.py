"""When the watchdog has the kernel find out what processes take, which costs up to a second."""

from types import SimpleNamespace

import pytest

from coq_checker.engine import process
from coq_checker.engine.process import Usage
from coq_checker.limits import Limits
from coq_checker.pool import watchdog
from coq_checker.pool.watchdog import Guard

MB, S = 1 << 20, 1_000_000_000
LIMIT = 1000 * MB


class Kernel:
    """Says what is taken exactly, and what the time is while it does.

    Attributes:
        looks: how often it was asked about a family.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, look_ns: int = S) -> None:
        self.exact_bytes, self.now_ns, self.looks, self._look_ns = 0, 100 * S, 0, look_ns
        monkeypatch.setattr(process, "proportional_bytes", self._proportional)
        monkeypatch.setattr(watchdog, "time", SimpleNamespace(monotonic_ns=lambda: self.now_ns))
        monkeypatch.setattr(watchdog, "_HUGE_PAGES", False)

    def _proportional(self, pid: int) -> int:
        if pid != 1:
            return 0
        self.looks += 1
        self.now_ns += self._look_ns
        return self.exact_bytes


def guard(kernel: Kernel) -> Guard:
    limits = Limits(cpu_ms=60_000, wall_ms=60_000, memory_bytes=LIMIT, output_bytes=1, goals_bytes=1)
    made = Guard(None, limits, 0, 0, kernel.now_ns)  # type: ignore[arg-type]
    made.exact_due_ns = kernel.now_ns + 30 * S
    return made


def family(*faulted_mb: int) -> list[Usage]:
    """A process of 300 MB, and forks of it that have written so much."""
    forks = [Usage(2 + at, b"sertop", 0, 900 * MB, mb * MB) for at, mb in enumerate(faulted_mb)]
    return [Usage(1, b"sertop", 0, 300 * MB, 300 * MB), *forks]


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    return Kernel(monkeypatch)


def test_it_is_not_asked_while_an_estimate_is_below_the_limit(kernel: Kernel) -> None:
    watched = guard(kernel)
    for _ in range(100):  # half of the limit and more: eight forks share what one has read
        kernel.now_ns += S // 4
        assert not watched.too_large(family(600, *[10] * 8), kernel.now_ns)
    assert kernel.looks == 0


def test_what_a_process_that_is_gone_left_to_its_forks_is_found_in_time(kernel: Kernel) -> None:
    watched, kernel.exact_bytes = guard(kernel), 2 * LIMIT
    kernel.now_ns += 31 * S
    assert watched.too_large(family(10, 10), kernel.now_ns)


def test_above_the_limit_it_is_asked_once_in_a_while(kernel: Kernel) -> None:
    watched, kernel.exact_bytes = guard(kernel), LIMIT - MB
    for _ in range(60):
        kernel.now_ns += S // 4
        assert not watched.too_large(family(710), kernel.now_ns)
    assert kernel.looks == 1
    kernel.now_ns += 30 * S
    assert not watched.too_large(family(710), kernel.now_ns)
    assert kernel.looks == 2


def test_a_process_that_grows_is_found_at_once(kernel: Kernel) -> None:
    watched, kernel.exact_bytes = guard(kernel), LIMIT - MB
    kernel.now_ns += S
    assert not watched.too_large(family(710), kernel.now_ns)
    kernel.now_ns += S
    kernel.exact_bytes = LIMIT + MB
    assert not watched.too_large(family(720), kernel.now_ns)
    kernel.now_ns += S
    assert watched.too_large(family(710, 140), kernel.now_ns)
