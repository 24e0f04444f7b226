"""Measures the checker beside raw sertop and coqc, and prints what was required and what was reached.

usage: python -m benchmarks.checker [--runs N] [--soak N] [--skip NAME,...] [--out FILE]
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
from pathlib import Path
from typing import Any

from benchmarks import pin_toolchain
from benchmarks.checker import workload
from benchmarks.checker.files import compare
from benchmarks.checker.opening import opening
from benchmarks.checker.service import service
from benchmarks.checker.soak import Soak, soak
from coq_checker.client import CheckerClient, TheoremRef
from coq_checker.toolchain import Toolchain, find_toolchain
from coqdata.catalogue import resolve
from coqdata.project import load_project

# Files whose theorems are asked for one after the other.
OPENED = ("Lists/List.v", "ZArith/Znumtheory.v", "Sorting/Permutation.v")
# Corpora small enough to be measured in a few minutes; all of them with --projects.
PROJECTS = ("angles", "zfc", "demos", "hoare-tut", "fundamental-arithmetics", "fermat4")


def raw(toolchain: Toolchain, peer: str, workers: int, *options: str) -> dict[str, float]:
    """Figures of a peer of CheckBench's own harness, over the same Coq."""
    root = str(toolchain.root) if toolchain.root is not None else ""
    environment = {**os.environ, "CHECKBENCH_RUN": f"chroot {root}" if root else "", "CHECKBENCH_ROOT": root}
    argv = [sys.executable, "bench.py", peer, "--workers", str(workers), *options]
    done = subprocess.run(
        argv, cwd=workload.shared() / "checkbench", env=environment, capture_output=True, text=True, check=True
    )
    lines = [line.split() for line in done.stdout.splitlines()[1:] if line.startswith("  ")]
    return {name: float(value) for name, value in (line for line in lines if len(line) == 2)}


async def _ready(address: str, ref: TheoremRef) -> float:
    """Milliseconds until a trivial answer at a theorem."""
    async with CheckerClient(address) as client:
        await client.wait_until_ready()
        begun = time.monotonic()
        await client.check_proof(ref, "idtac.")
        return 1000 * (time.monotonic() - begun)


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Everything, in turn with raw sertop."""
    work, toolchain = workload.load(), find_toolchain()
    found: dict[str, Any] = {"machine": machine(), "coq": toolchain.coq_version, "rounds": []}
    with tempfile.TemporaryDirectory() as folder:
        project = workload.write_project(work, Path(folder))
        for _ in range(arguments.runs):
            one: dict[str, Any] = {}
            for workers in (1, 2):
                one[f"sertop_{workers}"] = raw(toolchain, "sertop", workers)
                # With one worker few environments are held, as on a small machine: memory is measured there.
                with service(workers, project, documents=3 if workers == 1 else 24) as running:
                    one[f"cold_{workers}"] = vars_of(
                        asyncio.run(workload.run(running, workload.items(work, calm=False)))
                    )
                with service(workers, project) as running:
                    calm = workload.items(work, calm=True)
                    asyncio.run(workload.run(running, calm))
                    one[f"warm_{workers}"] = vars_of(asyncio.run(workload.run(running, calm)))
                    if workers == 1:
                        refs = [item.target for item, _ in calm[::8]]
                        one["held_ms"] = statistics.median(
                            asyncio.run(_ready(running.address, ref)) for ref in refs if isinstance(ref, TheoremRef)
                        )
            found["rounds"].append(one)
            print(json.dumps(one), flush=True)
        if arguments.coqc:
            found["coqc"] = raw(toolchain, "coqc", 1, "--every", "4")
        if arguments.soak:
            with service(1, project) as running:
                figures: Soak = asyncio.run(soak(running, work, arguments.soak))
                found["soak"] = vars_of(figures)
        names = list(work["files"])
        with service(1, project, documents=3) as running:
            mine = load_project(Path(folder), "checkbench")
            rows = asyncio.run(compare(running, toolchain, mine, names))
        found["files"] = {"standard library": [vars_of(row) for row in rows]}
        found["opening"] = []
        for name in OPENED:
            with service(1, project) as running:
                opened = vars_of(asyncio.run(opening(running, toolchain, "checkbench", Path(folder), name)))
            found["opening"].append(opened)
            print(json.dumps(opened), flush=True)
    for name in arguments.projects.split(",") if arguments.projects else ():
        corpus = resolve(name)
        names = [path.relative_to(corpus.root).as_posix() for path in corpus.files]
        with service(1, name, documents=3) as running:
            rows = asyncio.run(compare(running, toolchain, corpus, names))
        found["files"][name] = [vars_of(row) for row in rows]
        print(name, f"{sum(r.checker_s for r in rows) / sum(r.coqc_s for r in rows):.2f} x coqc", flush=True)
    return found


def vars_of(value: Any) -> dict[str, Any]:
    """A frozen dataclass with slots as a dict."""
    return {name: getattr(value, name) for name in value.__slots__}


def machine() -> str:
    """What the figures were taken on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "unknown")
    return f"{os.cpu_count()} cores, {model}, load {os.getloadavg()[0]:.1f}"


def report(found: dict[str, Any]) -> str:
    """The figures as Markdown."""
    rounds = found["rounds"]

    def median(*path: str) -> float:
        return statistics.median(_dig(one, path) for one in rounds)

    def ratio(a: tuple[str, str], b: tuple[str, str]) -> float:
        return statistics.median(_dig(one, a) / _dig(one, b) for one in rounds)

    lines = [
        f"Machine: {found['machine']}; Coq {found['coq']}; {len(rounds)} rounds, medians, ratios within a round.",
        "",
        "| what | required | raw sertop | Palmetto | ratio |",
        "|---|---|---|---|---|",
        f"| CPU ms a candidate, 1 worker, everything included | <= 0.87 x | {median('sertop_1', 'cpu_ms'):.2f} "
        f"| {median('warm_1', 'cpu_ms_each'):.2f} | {ratio(('warm_1', 'cpu_ms_each'), ('sertop_1', 'cpu_ms')):.2f} |",
        f"| candidates/s, 1 worker | >= 1.3 x | {median('sertop_1', 'rate'):.0f} "
        f"| {median('warm_1', 'rate'):.0f} | {ratio(('warm_1', 'rate'), ('sertop_1', 'rate')):.2f} |",
        f"| whole workload, candidates/s wall, 1 worker, cold | | {median('sertop_1', 'rate_wall'):.1f} "
        f"| {median('cold_1', 'rate'):.1f} | {ratio(('cold_1', 'rate'), ('sertop_1', 'rate_wall')):.2f} |",
        f"| whole workload, candidates/s wall, 2 workers, cold | >= 1.5 x | {median('sertop_2', 'rate_wall'):.1f} "
        f"| {median('cold_2', 'rate'):.1f} | {ratio(('cold_2', 'rate'), ('sertop_2', 'rate_wall')):.2f} |",
        f"| slowest candidate (limit {2.0:.1f} s + 0.05), s | <= 2.05 | {median('sertop_1', 'diverge_max_s'):.2f} "
        f"| {median('cold_1', 'slowest_s'):.2f} | |",
        f"| a theorem whose context is held, ms | < 20 | | {median('held_ms'):.1f} | |",
        f"| memory of the workload, 1 worker, PSS MB | <= 770 | {median('sertop_1', 'pss_mb'):.0f} "
        f"| {median('cold_1', 'pss_mb'):.0f} | |",
        f"| verdicts that agree with coqc | 320 | {median('sertop_1', 'agree'):.0f} "
        f"| {median('cold_1', 'agree'):.0f} | |",
    ]
    if "coqc" in found:
        times = found["coqc"]["cpu_ms"] / median("warm_1", "cpu_ms_each")
        lines.append(
            f"| CPU of one cold coqc a candidate | >= 150 x ours | {found['coqc']['cpu_ms']:.0f} ms (coqc) "
            f"| {median('warm_1', 'cpu_ms_each'):.2f} ms | {times:.0f} |"
        )
    if "soak" in found:
        one = found["soak"]
        lines.append(
            f"| RSS after {one['items']} candidates / after {one['early_items']} | <= 1.3 | "
            f"| {one['late_rss_mb']:.0f} / "
            f"{one['early_rss_mb']:.0f} MB | {one['late_rss_mb'] / one['early_rss_mb']:.2f} |"
        )
    lines += ["", "The next theorem of an open file (required: <= 1.2 x Coq's time for the text between):", ""]
    lines += ["| file | theorems | Coq s | ready s, added up | ratio |", "|---|---|---|---|---|"]
    for one in found["opening"]:
        ratio_ = one["ready_s"] / one["coqc_s"]
        lines.append(
            f"| {one['file']} | {one['theorems']} | {one['coqc_s']:.2f} | {one['ready_s']:.2f} | {ratio_:.2f} |"
        )
    if found["files"]:
        lines += ["", "Whole files, theorem by theorem, CPU against coqc on the same files (required: <= 1.5 x):", ""]
        lines += ["| project | files | theorems | coqc s | Palmetto s | ratio |", "|---|---|---|---|---|---|"]
        for name, rows in found["files"].items():
            coqc, ours = sum(r["coqc_s"] for r in rows), sum(r["checker_s"] for r in rows)
            theorems = sum(r["theorems"] for r in rows)
            lines.append(f"| {name} | {len(rows)} | {theorems} | {coqc:.1f} | {ours:.1f} | {ours / coqc:.2f} |")
    return "\n".join(lines) + "\n"


def _dig(value: Any, path: tuple[str, ...]) -> float:
    for name in path:
        value = value[name]
    return float(value)


def main() -> None:
    """The command."""
    pin_toolchain()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="rounds of raw sertop and the checker in turn")
    parser.add_argument("--soak", type=int, default=20_000, help="candidates of the endurance run; 0: none")
    parser.add_argument("--projects", default=",".join(PROJECTS), help="corpora whose files are compared with coqc")
    parser.add_argument("--no-coqc", dest="coqc", action="store_false", help="leave out a cold coqc a candidate")
    parser.add_argument("--out", type=Path, help="write the report there too")
    arguments = parser.parse_args()
    if not (workload.shared() / "checkbench" / "workload.json").is_file():
        sys.exit(f"no workload under {workload.shared()}: set PALMETTO_SHARED to the folder that holds checkbench/.")
    text = report(measure(arguments))
    print(text)
    if arguments.out is not None:
        arguments.out.write_text(text)


if __name__ == "__main__":
    main()
