"""The CheckBench workload through the service: cold and warm."""

import json
import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.checker.service import Service
from coq_checker.client import CheckerClient, CheckItem, Options, ProofResult, TheoremRef


def shared() -> Path:
    """The folder of the shared data."""
    return Path(os.environ.get("PALMETTO_SHARED", "../shared"))


def load() -> dict[str, Any]:
    """The workload: files, theorems, candidates with coqc's verdict."""
    found: dict[str, Any] = json.loads((shared() / "checkbench" / "workload.json").read_text())
    return found


@dataclass(frozen=True, slots=True)
class Figures:
    """What one pass over the workload took."""

    items: int
    agree: int
    wall_s: float
    cpu_ms_each: float
    rate: float
    median_ms: float
    slowest_s: float
    rss_mb: float
    pss_mb: float


def write_project(work: dict[str, Any], folder: Path) -> str:
    """The workload's files as a project; what the service's setting names it."""
    for name, text in work["files"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "_CoqProject").write_text("-Q . CheckBench\n" + "\n".join(work["files"]) + "\n")
    return f"checkbench={folder}"


def items(work: dict[str, Any], *, calm: bool) -> list[tuple[CheckItem, dict[str, Any]]]:
    """The candidates as items of a stream; `calm` leaves those out that diverge."""
    options = Options(cpu_ms=int(work["limit_s"] * 1000), wall_ms=60_000, axioms=[])
    found = []
    for number, theorem in enumerate(work["theorems"]):
        target = TheoremRef("checkbench", theorem["name"], theorem["file"], index=None)
        for index, candidate in enumerate(theorem["cands"]):
            if calm and candidate["kind"] == "diverge":
                continue
            item = CheckItem(f"{number}.{index}", target, "\n".join(candidate["sents"]), options=options)
            found.append((item, candidate))
    return found


async def run(service: Service, given: list[tuple[CheckItem, dict[str, Any]]]) -> Figures:
    """One pass, all items in one stream."""
    truth = {item.id: candidate["truth"] for item, candidate in given}
    results: dict[str, ProofResult] = {}
    async with CheckerClient(service.address) as client:
        await client.wait_until_ready()
        cpu, begun = service.cpu_s(), time.monotonic()
        async for name, result in client.check_proofs([item for item, _ in given]):
            results[name] = result
        wall, cpu = time.monotonic() - begun, service.cpu_s() - cpu
    rss, pss = service.memory_mb()
    walls = [result.timings.wall_ns / 1e6 for result in results.values()]
    return Figures(
        items=len(results),
        agree=sum(result.proved == truth[name] for name, result in results.items()),
        wall_s=wall,
        cpu_ms_each=1000 * cpu / len(results),
        rate=len(results) / wall,
        median_ms=statistics.median(walls),
        slowest_s=max(walls) / 1000,
        rss_mb=rss,
        pss_mb=pss,
    )
