"""Known loops and honest fixpoints, in disguises: none of the former is PROVED, and the disguises fit the latter."""

from collections import Counter
from itertools import islice
from random import Random
from typing import Protocol

import pytest
from tests.attacks.mutation_sources import HONEST, KNOWN, UNGUARDED
from tests.attacks.mutations import (
    BODIES,
    SCRIPTS,
    WRAPS,
    Kind,
    Mutant,
    Said,
    mutant,
    mutants,
    parts,
    rendered,
    said,
    spots,
)

from coq_checker.check import Ask
from coq_checker.gates.kernel import SoundnessPolicy
from coq_checker.gates.text import Mode
from coq_checker.limits import Limits
from coq_checker.result import ProofResult

SAMPLE = 300

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Bench(Protocol):
    """See conftest.py."""

    @property
    def sees_terms(self) -> bool: ...

    async def check(self, challenge: bytes, ask: Ask) -> ProofResult: ...


async def answered(bench: Bench, one: Mutant) -> Said:
    limits = Limits(cpu_ms=10_000, wall_ms=60_000, memory_bytes=1 << 30, output_bytes=16 << 20, goals_bytes=64 << 10)
    ask = Ask(one.text.encode(), Mode(one.form), limits, soundness=SoundnessPolicy.STRICT)
    return said(one, await bench.check(one.challenge.encode(), ask))


async def test_no_disguised_loop_is_proved(bench: Bench) -> None:
    if not bench.sees_terms:
        pytest.skip("this engine cannot look at terms")
    counts: Counter[tuple[Kind, Said]] = Counter()
    for one in islice(mutants([*KNOWN, *UNGUARDED], Random(21)), SAMPLE):
        what = await answered(bench, one)
        assert what is not Said.PROVED, f"{one.name}\n{one.challenge}\n{one.text}"
        counts[one.kind, what] += 1
    # Coq took them, so that it was the guard that did not; what only an older Coq takes aside.
    assert counts[Kind.UNGUARDED, Said.CAUGHT] > SAMPLE // 3, counts
    assert counts[Kind.KNOWN, Said.CAUGHT] > SAMPLE // 20, counts


async def test_disguises_fit_what_is_honest(bench: Bench) -> None:
    if not bench.sees_terms:
        pytest.skip("this engine cannot look at terms")
    whole = [mutant(source, "definition", {0: [wrap]}) for wrap in WRAPS for source in HONEST[:1]]
    whole += [mutant(source, placement, {}) for placement in (*BODIES, *SCRIPTS) for source in HONEST]
    refused = {one.name: what for one in whole if (what := await answered(bench, one)) is not Said.PROVED}
    assert not refused
    # Around a call, or the function itself, not every dress is one that the guard looks through.
    some = [await answered(bench, one) for one in islice(mutants(HONEST, Random(21)), SAMPLE // 3)]
    assert Counter(some)[Said.PROVED] > len(some) // 2, Counter(some)


async def test_spots_are_dressed_by_number_from_the_outside_in() -> None:
    found = parts("«nat|f «nat|k»» + «bool|b»")
    assert spots(found) == 3
    assert rendered(found, {}) == "(f (k)) + (b)"
    assert rendered(found, {1: ["cast"], 2: ["tactic"]}) == "(f (((k) : nat))) + ((ltac:(exact (b)) : bool))"
    for wrong in ("«nat|f", "f»"):
        with pytest.raises(ValueError, match="spot"):
            parts(wrong)
