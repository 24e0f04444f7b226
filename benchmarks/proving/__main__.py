"""Proves a sample of theorems twice, under the same budget: the embedded default, and `hammer` alone.

    python -m benchmarks.proving --projects angles,zfc --limit 10 --seed 1

Every proof that is found is checked once more by coqc and coqchk in fresh processes (the checker's `recheck`).
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.proving.baseline import hammer_alone
from benchmarks.proving.result import Attempt
from coq_checker.client import CheckerClient, CheckerError, Options, TheoremInfo, TheoremRef
from palmetto.stack import StackOptions, stack
from prover import Finished, Prover, ProveTask
from prover.adapters import model_port, retriever_client, retriever_port

CORPORA = Path(os.environ.get("PALMETTO_SHARED", "../shared")) / "corpora"
# Statements that are proofs only by their form, and text that nothing is proved by.
_KINDS = ("Theorem", "Lemma", "Fact", "Remark", "Corollary", "Proposition", "Property")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = sorted(one.name for one in CORPORA.iterdir() if (one / "_CoqProject").exists()) if CORPORA.is_dir() else []
    parser.add_argument("--projects", default=",".join(name for name in known if name != "compat811"))
    parser.add_argument("--limit", type=int, default=10, help="theorems of each project")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--budget", type=float, default=60.0, help="CPU seconds a theorem")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", choices=("default", "hammer"), help="run only one of the two")
    parser.add_argument("--no-hammer", action="store_true", help="the default without CoqHammer")
    parser.add_argument("--checker", help="address of a checker that runs already, instead of a stack of its own")
    parser.add_argument("--retriever", default="", help="address of a retriever, with --checker")
    parser.add_argument("--model", default="", help="address of a model server, with --checker")
    parser.add_argument("--log", type=Path, help="file for one JSON object an attempt; those in it are not made again")
    parser.add_argument("--recheck", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


async def sample(checker: CheckerClient, project: str, limit: int, seed: int) -> list[TheoremInfo]:
    """So many theorems of a project, drawn with the seed."""
    found = [one async for one in checker.theorems(project) if one.kind in _KINDS]
    drawn = random.Random(f"{seed}/{project}")
    return sorted(drawn.sample(found, min(limit, len(found))), key=lambda one: (one.file, one.index))


async def confirmed(checker: CheckerClient, attempt: Attempt) -> Attempt:
    """The attempt with coqc's word on its proof."""
    if not attempt.proved:
        return attempt
    options = Options(cpu_ms=120_000, prelude=attempt.prelude, recheck=True)
    try:
        result = await checker.check_proof(attempt.target, attempt.script, options=options)
    except CheckerError as error:
        return replace(attempt, coqc=str(error))
    return replace(attempt, coqc="accepted" if result.proved else f"{result.verdict.value}: {result.message}")


async def by_default(prover: Prover, target: TheoremRef, options: argparse.Namespace) -> Attempt:
    task = ProveTask(target, options.budget, options.seed, jobs=options.jobs, hammer=not options.no_hammer)
    async for event in prover.prove(task):
        if isinstance(event, Finished):
            return Attempt(
                target,
                event.script,
                event.prelude,
                event.verdict.value,
                event.how,
                event.cpu_s,
                event.wall_s,
                event.message,
            )
    raise AssertionError("no Finished event")


def read_log(log: Path | None) -> dict[tuple[str, TheoremRef], Attempt]:
    """The attempts in a log, by way and theorem."""
    found: dict[tuple[str, TheoremRef], Attempt] = {}
    for line in log.read_text().splitlines() if log is not None and log.exists() else ():
        one = json.loads(line)
        target = TheoremRef(one["project"], one["theorem"], one["file"], one["index"])
        rest = (one[name] for name in ("script", "prelude", "verdict", "how", "cpu_s", "wall_s", "message", "coqc"))
        found[one["way"], target] = Attempt(target, *rest)
    return found


def table(found: dict[str, dict[str, list[Attempt]]], ways: Sequence[str]) -> str:
    """Proved theorems by project and way."""
    lines = ["| project | theorems | " + " | ".join(ways) + " |", "|---|---|" + "---|" * len(ways)]
    total: dict[str, int] = dict.fromkeys(ways, 0)
    count = 0
    for project, attempts in found.items():
        size = max(len(one) for one in attempts.values())
        count += size
        cells = []
        for way in ways:
            proved = sum(one.proved for one in attempts.get(way, ()))
            total[way] += proved
            cells.append(str(proved))
        lines.append(f"| {project} | {size} | {' | '.join(cells)} |")
    lines.append(f"| **all** | {count} | {' | '.join(str(total[way]) for way in ways)} |")
    return "\n".join(lines)


async def measure(addresses: dict[str, str], options: argparse.Namespace) -> int:
    ways = [options.only] if options.only else ["default", "hammer"]
    found: dict[str, dict[str, list[Attempt]]] = {}
    known = read_log(options.log)
    wrong = 0
    async with contextlib.AsyncExitStack() as stack_of:
        checker = await stack_of.enter_async_context(CheckerClient(addresses["coq-checker"]))
        retriever = await stack_of.enter_async_context(retriever_client(addresses.get("retriever", "")))
        model_url = addresses.get("model-server", "")
        model = await stack_of.enter_async_context(model_port(model_url, "", checker, retriever))
        prover = Prover(checker, model, retriever_port(retriever, checker))
        for project in options.projects.split(","):
            attempts = found.setdefault(project, {way: [] for way in ways})
            for one in await sample(checker, project, options.limit, options.seed):
                target = TheoremRef(project, one.qualified_name, one.file, one.index)
                for way in ways:
                    if (way, target) in known:
                        attempts[way].append(known[way, target])
                        continue
                    if way == "default":
                        attempt = await by_default(prover, target, options)
                    else:
                        attempt = await hammer_alone(checker, target, options.budget)
                    if options.recheck:
                        attempt = await confirmed(checker, attempt)
                        wrong += attempt.proved and attempt.coqc != "accepted"
                    attempts[way].append(attempt)
                    print(
                        f"{way:8} {project}/{one.file} {one.name}: {attempt.verdict} {attempt.how} "
                        f"{attempt.cpu_s:.1f} s {attempt.message[:100] if attempt.verdict == 'ERROR' else ''}",
                        file=sys.stderr,
                    )
                    if options.log:
                        with options.log.open("a") as log:
                            log.write(json.dumps({"way": way, **attempt.to_json()}) + "\n")
    print(table(found, ways))
    if wrong:
        print(f"{wrong} proofs were not accepted by coqc.")
    return 1 if wrong else 0


async def run(options: argparse.Namespace) -> int:
    if options.checker:
        given = {"coq-checker": options.checker, "retriever": options.retriever, "model-server": options.model}
        return await measure(given, options)
    served = tuple(f"{name}={CORPORA / name}" for name in options.projects.split(","))
    with tempfile.TemporaryDirectory() as folder:
        async with stack(StackOptions(projects=served, jobs=options.jobs), Path(folder)) as up:
            addresses = up.addresses()
            addresses["model-server"] = f"http://{addresses['model-server']}/v1"
            return await measure(addresses, options)


def main() -> int:
    return asyncio.run(run(arguments()))


if __name__ == "__main__":
    sys.exit(main())
