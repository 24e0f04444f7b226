"""Measures what proving theorems asks of a checker: one stack, one theorem at a time, the embedded default.

    python -m benchmarks.scale.measure --limit 56 --budget 60 --out benchmarks/scale/measured.json

For each theorem of a sample of PALM's: its wall time, and for each question to the checker what preparing its
environment and the work itself took.
"""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import sys
import time
import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import pin_toolchain
from coq_checker.client import CheckerClient, TheoremRef
from coq_checker.result import ProofResult
from coqdata.project import Project, load_project
from evaluator.selection import named, read_wanted, sample
from evaluator.theorems import Item, sources_of
from palmetto.stack import StackOptions, stack, stack_folder
from prover.adapters import model_port, retriever_client, retriever_port
from prover.events import Finished
from prover.prover import Prover
from prover.task import ProveTask

SHARED = Path(os.environ.get("PALMETTO_SHARED", "../shared"))
MATRIX = Path(__file__).parents[1] / "proving" / "palm.toml"


@dataclass(slots=True)
class Measured:
    """One theorem.

    Attributes:
        project, file, theorem: which one.
        proved: the prover's verdict.
        wall_s: from the request to the last event.
        questions: for each question to the checker, in order, the seconds that its environment (its file, executed up
            to the theorem; a worker for it) and the work itself took.
    """

    project: str
    file: str
    theorem: str
    proved: bool = False
    wall_s: float = 0.0
    questions: list[tuple[float, float]] = field(default_factory=list)


class _Recording(CheckerClient):
    """Notes the times of each check."""

    questions: list[tuple[float, float]]

    async def check_proof(self, *given: Any, **named_: Any) -> ProofResult:
        """The check, noted."""
        result = await super().check_proof(*given, **named_)
        times = result.timings
        environment_s = times.environment_ns / 1e9
        work_s = max(0.0, (times.wall_ns - times.queue_ns - times.environment_ns) / 1e9)
        self.questions.append((round(environment_s, 4), round(work_s, 4)))
        return result


async def measure(items: list[Item], projects: dict[str, Project], budget_cpu_s: float) -> list[Measured]:
    """Proves them one after the other."""
    found: list[Measured] = []
    names = tuple(f"{name}={one.root}" for name, one in projects.items())
    async with contextlib.AsyncExitStack() as held:
        folder = held.enter_context(stack_folder())
        up = await held.enter_async_context(stack(StackOptions(projects=names, jobs=1), folder))
        checker = _Recording(up.checker)
        await held.enter_async_context(checker)
        addresses = up.addresses()
        retriever = await held.enter_async_context(retriever_client(addresses["retriever"]))
        url = f"http://{addresses['model-server']}/v1"
        model = await held.enter_async_context(model_port(url, "", checker, retriever))
        prover = Prover(checker, model, retriever_port(retriever, checker))
        for number, item in enumerate(items, 1):
            key = item.key
            one = Measured(key.project, key.file, key.theorem)
            checker.questions = one.questions
            target = TheoremRef(key.project, item.asked, key.file, item.file_index)
            started = time.monotonic()
            events = prover.prove(ProveTask(target, budget_cpu_s=budget_cpu_s, seed=1))
            async with contextlib.aclosing(events):
                async for event in events:
                    if isinstance(event, Finished):
                        one.proved = bool(event.script)
            one.wall_s = round(time.monotonic() - started, 3)
            found.append(one)
            print(
                f"{number}/{len(items)} {key.project}/{key.file}:{key.theorem} {one.wall_s:.1f} s, "
                f"{len(one.questions)} questions{', proved' if one.proved else ''}",
                file=sys.stderr,
            )
    return found


def main() -> None:
    """Measures and writes."""
    pin_toolchain()
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--limit", type=int, default=56, help="theorems, each project with its share")
    arguments.add_argument("--budget", type=float, default=60.0, help="CPU seconds a theorem")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=Path, default=Path(__file__).with_name("measured.json"))
    given = arguments.parse_args()
    if not (SHARED / "corpora").is_dir():
        sys.exit(f"there are no projects in {SHARED / 'corpora'}: set PALMETTO_SHARED to where they are.")
    names = tomllib.loads(MATRIX.read_text())["common"]["proj"].split(",")
    projects = {name: load_project(SHARED / "corpora" / name, name) for name in names}
    items = [item for one in projects.values() for item in sources_of(one).items]
    wanted = [one for one in named(items, read_wanted(str(SHARED / "palm_outcomes.csv")), names) if one.asked]
    chosen = sample(wanted, given.limit, given.seed)
    theorems = asyncio.run(measure(chosen, projects, given.budget))
    sizes: dict[tuple[str, str], int] = {}
    for item in wanted:
        sizes[item.key.project, item.key.file] = sizes.get((item.key.project, item.key.file), 0) + 1
    made = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "budget_cpu_s": given.budget,
        "theorems_per_file": sorted(sizes.values()),
        "theorems": [asdict(one) for one in theorems],
    }
    given.out.write_text(json.dumps(made, separators=(",", ":")).replace('{"project"', '\n{"project"') + "\n")


if __name__ == "__main__":
    main()
