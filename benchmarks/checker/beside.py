"""Measures the checker beside another checkout of the project, or another toolchain, in turn on the same machine.

usage: python -m benchmarks.checker.beside CHECKOUT [--rounds N] [--toolchain NAME] [--other-toolchain NAME]

`python -m benchmarks.checker.beside . --toolchain rocq-9.2` measures Rocq 9.2 beside Coq 8.20.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from benchmarks.checker import workload
from benchmarks.checker.service import Service, service
from coq_checker.client import CheckerClient, Options, TheoremRef
from coqdata.theorem import theorems

HERE = Path(__file__).resolve().parents[2]
# Passes over the workload, which warm up, and which are counted.
WARM, COUNTED = 2, 8
# The file with the most theorems.
OPENED = "Lists/List.v"

Start = Callable[[], AbstractContextManager[Service]]


def _own_cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


async def _candidates(ups: Sequence[Service]) -> list[dict[str, float]]:
    """Pass by pass in turn, so that what else the machine does meets all alike."""
    given = workload.items(workload.load(), calm=True)
    used: list[list[tuple[float, float, workload.Figures]]] = [[] for _ in ups]
    for number in range(WARM + COUNTED):
        for up, mine in zip(ups, used, strict=True):
            cpu_s, own_s = up.cpu_s(), _own_cpu_s(up.pid)
            figures = await workload.run(up, given)
            if number >= WARM:
                mine.append((up.cpu_s() - cpu_s, _own_cpu_s(up.pid) - own_s, figures))
    found = []
    for mine in used:
        items = sum(figures.items for _, _, figures in mine)
        found.append(
            {
                "CPU ms a candidate": 1000 * sum(cpu_s for cpu_s, _, _ in mine) / items,
                "of it Python's": 1000 * sum(own_s for _, own_s, _ in mine) / items,
                "candidates/s": sum(figures.rate for _, _, figures in mine) / len(mine),
                "PSS MB": mine[-1][2].pss_mb,
                "verdicts that agree": mine[-1][2].agree,
            }
        )
    return found


async def _opening(up: Service, source: bytes) -> dict[str, float]:
    async with CheckerClient(up.address) as client:
        await client.wait_until_ready()
        begun_s, ready_ns = up.cpu_s(), 0
        found = [one for one in theorems(source) if not one.nested]
        for theorem in found:
            answer = await client.check_proof(TheoremRef("checkbench", file=OPENED, index=theorem.index), "idtac.")
            ready_ns += answer.timings.environment_ns
        used_s = up.cpu_s() - begun_s
    return {"opening a file: CPU s": used_s, "ready after, s": ready_ns / 1e9}


async def _files(up: Service, names: list[str]) -> dict[str, float]:
    options = Options(cpu_ms=600_000)
    found: dict[str, float] = {}
    async with CheckerClient(up.address, max_message_bytes=256 << 20) as client:
        await client.wait_until_ready()
        begun_s = up.cpu_s()
        for name in names:
            async for _ in client.check_file(project="checkbench", file=name, options=options):
                pass
        found["whole files: CPU s"] = up.cpu_s() - begun_s
        begun_s = up.cpu_s()
        for name in names:
            async for _ in client.trace_file(project="checkbench", file=name, options=options):
                pass
        found["TraceFile: CPU s"] = up.cpu_s() - begun_s
    return found


async def _round(starts: Sequence[Start], work: dict[str, Any]) -> list[dict[str, float]]:
    with ExitStack() as stack:
        found = await _candidates([stack.enter_context(start()) for start in starts])
    for start, mine in zip(starts, found, strict=True):
        with start() as up:
            mine.update(await _opening(up, work["files"][OPENED].encode()))
        with start() as up:
            mine.update(await _files(up, list(work["files"])))
    return found


def main() -> None:
    """Prints both, round by round, and the ratios within each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("checkout", type=Path, help="the other checkout's folder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--toolchain", default="coq-8.20", help="of this checkout")
    parser.add_argument("--other-toolchain", default="coq-8.20", help="of the other one")
    arguments = parser.parse_args()
    work = workload.load()
    with tempfile.TemporaryDirectory() as folder:
        project = workload.write_project(work, Path(folder))
        starts = [
            partial(service, 1, project, checkout, toolchain=toolchain)
            for checkout, toolchain in (
                (arguments.checkout.resolve(), arguments.other_toolchain),
                (HERE, arguments.toolchain),
            )
        ]
        for _ in range(arguments.rounds):
            other, this = asyncio.run(_round(starts, work))
            for name, value in this.items():
                told = f"other {other[name]:8.2f}  this {value:8.2f}  ratio {value / other[name]:.2f}"
                print(f"{name:24}  {told}", flush=True)


if __name__ == "__main__":
    main()
