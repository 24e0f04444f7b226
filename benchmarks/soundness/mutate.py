"""Tries to get past the strict policy with disguised loops, and counts.

usage: python -m benchmarks.soundness.mutate --count N [--seed S] [--toolchain NAME]

Status 1 where a loop is PROVED, or a loop that only Coq without its guard accepts is not seen to be one.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from itertools import islice
from pathlib import Path
from random import Random

from tests.attacks.mutation_sources import HONEST, KNOWN, UNGUARDED
from tests.attacks.mutations import Kind, Mutant, Said, mutants, said

from benchmarks import pin_toolchain
from coq_checker.check import Ask
from coq_checker.engine.options import EngineOptions
from coq_checker.engine.start import engine_options
from coq_checker.environment import Environment
from coq_checker.gates.kernel import SoundnessPolicy
from coq_checker.gates.text import Mode
from coq_checker.limits import Limits
from coq_checker.metrics import Metrics
from coq_checker.pool.pool import Pool
from coq_checker.pool.worker import Target
from coq_checker.result import ProofResult
from coq_checker.settings import CheckerSettings
from coq_checker.toolchain import find_toolchain
from coqdata.sentence import split

_LIMITS = Limits(cpu_ms=5_000, wall_ms=60_000, memory_bytes=1 << 30, output_bytes=16 << 20, goals_bytes=64 << 10)


async def check(pool: Pool, options: EngineOptions, one: Mutant) -> ProofResult:
    """What the strict policy says to a mutant."""
    challenge = one.challenge.encode()
    last = split(challenge).sentences[-1]
    environment = Environment(challenge[: last.start], options, label="the challenge")
    target = Target(environment, last.start, challenge[last.start : last.end], Mode(one.form))
    return await pool.check(target, Ask(one.text.encode(), Mode(one.form), _LIMITS, soundness=SoundnessPolicy.STRICT))


async def _tried(count: int, seed: int, name: str) -> int:
    toolchain = find_toolchain(name or None)
    options = engine_options(toolchain, "native")
    random = Random(seed)
    counts: Counter[tuple[Kind, Said]] = Counter()
    honest = mutants(HONEST, random)
    loops = mutants([*KNOWN, *UNGUARDED], random)
    with tempfile.TemporaryDirectory(prefix="palmetto-mutate-") as folder:
        async with Pool(CheckerSettings(slots=1).pool, Path(folder), Metrics()) as pool:
            for one in (*islice(loops, count), *islice(honest, count // 10)):
                result = await check(pool, options, one)
                what = said(one, result)
                counts[one.kind, what] += 1
                if (what is Said.PROVED) != (one.kind is Kind.HONEST) and what in (Said.PROVED, Said.OTHER):
                    print(f"{what.value}: {one.name}: {result.verdict.value} {result.message}\n{one.text}", flush=True)
    for kind in Kind:
        told = ", ".join(f"{what.value} {counts[kind, what]}" for what in Said)
        print(f"{toolchain.name:10} {kind.value:10} tried {sum(counts[kind, what] for what in Said)}: {told}")
    return int(any(counts[kind, Said.PROVED] for kind in (Kind.KNOWN, Kind.UNGUARDED)))


def main() -> int:
    """Tries and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soundness.mutate", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=500, help="how many loops; a tenth as many honest terms")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--toolchain", default="", help="by default Coq 8.20")
    options = parser.parse_args()
    pin_toolchain()
    return asyncio.run(_tried(options.count, options.seed, options.toolchain))


if __name__ == "__main__":
    sys.exit(main())
