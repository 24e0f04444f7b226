"""Measures the checker beside another checkout of the project, or another toolchain, in turn on the same machine.

usage: python -m benchmarks.checker.beside CHECKOUT [--rounds N] [--toolchain NAME] [--other-toolchain NAME]

`python -m benchmarks.checker.beside . --toolchain rocq-9.2` measures Rocq 9.2 beside Coq 8.20.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
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
WARM, COUNTED = 2, 4
# The file with the most theorems.
OPENED = "Lists/List.v"

Start = Callable[[], AbstractContextManager[Service]]


def _own_cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


async def _candidates(up: Service) -> dict[str, float]:
    given = workload.items(workload.load(), calm=True)
    for _ in range(WARM):
        await workload.run(up, given)
    cpu_s, own_s = up.cpu_s(), _own_cpu_s(up.pid)
    passes = [await workload.run(up, given) for _ in range(COUNTED)]
    items = sum(one.items for one in passes)
    return {
        "CPU ms a candidate": 1000 * (up.cpu_s() - cpu_s) / items,
        "of it Python's": 1000 * (_own_cpu_s(up.pid) - own_s) / items,
        "candidates/s": sum(one.rate for one in passes) / COUNTED,
        "PSS MB": passes[-1].pss_mb,
        "verdicts that agree": passes[-1].agree,
    }


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


async def _round(start: Start, work: dict[str, Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    with start() as up:
        found |= await _candidates(up)
    with start() as up:
        found |= await _opening(up, work["files"][OPENED].encode())
    with start() as up:
        found |= await _files(up, list(work["files"]))
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
        one, another = (
            partial(service, 1, project, checkout, toolchain=toolchain)
            for checkout, toolchain in (
                (arguments.checkout.resolve(), arguments.other_toolchain),
                (HERE, arguments.toolchain),
            )
        )
        for _ in range(arguments.rounds):
            other, this = asyncio.run(_round(one, work)), asyncio.run(_round(another, work))
            for name, value in this.items():
                told = f"other {other[name]:8.2f}  this {value:8.2f}  ratio {value / other[name]:.2f}"
                print(f"{name:24}  {told}", flush=True)


if __name__ == "__main__":
    main()
