"""Measures extraction against coqc on the same files, and what it gains from threads.

usage: python -m benchmarks.extract [PROJECT...] [--runs N] [--threads N,N] [--skip NAME,...] [--out FILE]

All CPU time is the kernel's count for a cgroup: the command, its checker, its retriever and every Coq process. The
projects are compiled, and indexed, before anything is timed; the data set's folder is new in every run.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import pin_toolchain
from benchmarks.checker.files import coqc_cpu_s
from benchmarks.checker.service import cpu_of
from coq_checker.builds import build_project
from coq_checker.toolchain import Toolchain, find_toolchain
from coqdata.catalogue import resolve
from coqdata.project import Project

PROJECTS = ("examples", "angles")
VARIANTS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "coqgym": ("--profile", "coqgym"),
    "steps": ("--steps",),
    "retrieval": ("--retrieval",),
}
_GOAL_THEOREMS = 66_000
_GOAL_CORES = 16


def command(projects: Sequence[Project], out: Path, threads: int, *more: str) -> list[str]:
    """The command line of one extraction."""
    named = [f"{one.name}={one.root}" for one in projects]
    argv = [str(Path(sys.executable).parent / "palmetto"), "extract", *named, "--out", str(out)]
    return [*argv, "--threads", str(threads), "--json", *more]


def extraction(projects: Sequence[Project], threads: int, *more: str) -> dict[str, float]:
    """CPU and wall seconds of one extraction, and what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        cpu_s = cpu_of(command(projects, Path(folder) / "out", threads, *more))
        wall_s = time.monotonic() - begun
        headers = [
            json.loads(place.open(encoding="utf-8").readline())
            for place in (Path(folder) / "out" / "records").glob("*.jsonl")
        ]
    examples = sum(one["written"] for one in headers)
    return {"cpu_s": cpu_s, "wall_s": wall_s, "examples": examples, "checked": sum(one["checked"] for one in headers)}


def start_cpu_s(project: Project) -> float:
    """CPU seconds of the command itself where there is nothing to extract: what one run costs, however long."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "empty").mkdir()
        (Path(folder) / "empty" / "Empty.v").write_text("Definition nothing := tt.\n")
        empty = resolve(str(Path(folder) / "empty"))
        extraction([empty], 1)
        return extraction([empty], 1)["cpu_s"]


def coqc(project: Project, toolchain: Toolchain) -> float:
    """CPU seconds of coqc on all files of a project, which are compiled already."""
    built = asyncio.run(build_project(project, toolchain, jobs=1))
    names = [file.relative_to(project.root).as_posix() for file in project.files]
    return sum(coqc_cpu_s(toolchain, project, name, built.load_arguments, built.read_only) for name in names)


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Everything, in turn with coqc."""
    toolchain = find_toolchain()
    projects = [resolve(f"./{name}" if Path(name).is_dir() else name) for name in arguments.projects or PROJECTS]
    found: dict[str, Any] = {"coq": toolchain.coq_version, "cores": os.cpu_count(), "rounds": []}
    skipped = arguments.skip.split(",")
    variants = {name: more for name, more in VARIANTS.items() if name not in skipped}
    # Compiles and indexes; not timed.
    subprocess.run(
        command(projects, Path(tempfile.mkdtemp()) / "warm", 1, "--retrieval"), check=False, capture_output=True
    )
    found["start_cpu_s"] = start_cpu_s(projects[0])
    for _ in range(arguments.runs):
        one: dict[str, Any] = {"load": os.getloadavg()[0], "coqc_s": sum(coqc(each, toolchain) for each in projects)}
        for name, more in variants.items():
            one[name] = extraction(projects, 1, *more)
        if "threads" not in skipped:
            one["threads"] = {str(count): extraction(projects, count) for count in (1, 2)}
        found["rounds"].append(one)
        print(json.dumps(one), flush=True)
    return found


def report(found: dict[str, Any]) -> None:
    """Prints what was required and what was reached."""
    rounds = found["rounds"]
    start = found["start_cpu_s"]
    coqc_s = statistics.median(one["coqc_s"] for one in rounds)
    print(f"coqc {coqc_s:.2f} s of CPU; the command's own start {start:.2f} s; load {rounds[0]['load']:.1f}")
    for name in VARIANTS:
        if name in rounds[0]:
            ratios = [one[name]["cpu_s"] / one["coqc_s"] for one in rounds]
            net = [(one[name]["cpu_s"] - start) / one["coqc_s"] for one in rounds]
            print(
                f"{name:10} {statistics.median(ratios):.2f} x coqc; {statistics.median(net):.2f} x without the start; "
                f"{rounds[0][name]['examples']:.0f} examples"
            )
    if "plain" in rounds[0]:
        for name in ("plain", "retrieval"):
            if name in rounds[0]:
                each = statistics.median((one[name]["cpu_s"] - start) / one[name]["checked"] for one in rounds)
                hours = each * _GOAL_THEOREMS / _GOAL_CORES / 3600
                print(f"{name}: {each:.3f} s of CPU a theorem; {_GOAL_THEOREMS} on {_GOAL_CORES} cores: {hours:.2f} h")
    if "threads" in rounds[0]:
        gains = [one["threads"]["1"]["wall_s"] / one["threads"]["2"]["wall_s"] for one in rounds]
        print(f"two threads: {statistics.median(gains):.2f} x (required 1.8)")


def main() -> None:
    """Runs the benchmark."""
    pin_toolchain()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extract")
    parser.add_argument("projects", nargs="*")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--skip", default="")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    found = measure(arguments)
    report(found)
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
