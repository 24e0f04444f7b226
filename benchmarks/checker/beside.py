"""Measures the checker beside another checkout of the project, in turn on the same machine.

usage: python -m benchmarks.checker.beside CHECKOUT [--rounds N]
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

import psutil

from benchmarks.checker import workload
from benchmarks.checker.service import service

HERE = Path(__file__).resolve().parents[2]
# Passes over the workload, which warm up, and which are counted.
WARM, COUNTED = 2, 4


def _own_cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


async def _round(checkout: Path) -> dict[str, float]:
    work = workload.load()
    with tempfile.TemporaryDirectory() as folder:
        project = workload.write_project(work, Path(folder))
        given = workload.items(work, calm=True)
        with service(1, project, checkout) as up:
            for _ in range(WARM):
                await workload.run(up, given)
            cpu_s, own_s = up.cpu_s(), _own_cpu_s(up.pid)
            passes = [await workload.run(up, given) for _ in range(COUNTED)]
            items = sum(one.items for one in passes)
            all_ms, python_ms = 1000 * (up.cpu_s() - cpu_s) / items, 1000 * (_own_cpu_s(up.pid) - own_s) / items
    return {
        "CPU ms a candidate": all_ms,
        "of it Python's": python_ms,
        "candidates/s": sum(one.rate for one in passes) / COUNTED,
        "PSS MB": passes[-1].pss_mb,
        "verdicts that agree": passes[-1].agree,
    }


def main() -> None:
    """Prints both, round by round, and the ratios within each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("checkout", type=Path, help="the other checkout's folder")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    for _ in range(arguments.rounds):
        other, this = asyncio.run(_round(arguments.checkout.resolve())), asyncio.run(_round(HERE))
        for name, value in this.items():
            told = f"other {other[name]:8.2f}  this {value:8.2f}  ratio {value / other[name]:.2f}"
            print(f"{name:20}  {told}", flush=True)


if __name__ == "__main__":
    main()
