"""Simulates evaluations of 10,000 and 66,000 theorems on 1 to 512 checkers.

    python -m benchmarks.scale [--measured FILE] [--theorems 10000,66000] [--checkers 1,8,64,512] [--part shards]

What is measured is drawn from, so that the figures stand on `measured.json` (`python -m benchmarks.scale.measure`).
"""

import argparse
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.scale import routing, shards
from benchmarks.scale.workload import Measured, Workload

THREADS = 8
# From a pod's start to its first theorem: the container, `palmetto eval` (3 s), the projects' sources.
POD_START_S = 15.0
PER_SLOT = (1.0, 1.25, 1.5, 2.0, 3.0)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints a table as Markdown."""
    print(f"| {' | '.join(head)} |\n|{'|'.join('---' for _ in head)}|")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |", flush=True)
    print()


def duration(seconds: float) -> str:
    """For people: hours, or minutes."""
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.1f} min"


def told(measured: Measured) -> None:
    """What was measured, in a few figures."""
    walls = sorted(one.alone_s for one in measured.traces)
    questions = sorted(len(one.questions_s) for one in measured.traces)
    top = sum(walls[-len(walls) // 5 :]) / sum(walls)
    print(
        f"Measured: {len(walls)} theorems at {measured.budget_cpu_s:.0f} CPU s; wall time mean "
        f"{statistics.mean(walls):.1f} s, median {statistics.median(walls):.1f} s, the longest fifth {100 * top:.0f} % "
        f"of all; questions a theorem: median {questions[len(questions) // 2]}; a file made ready: mean "
        f"{statistics.mean(one.prepare_s for one in measured.traces):.2f} s; theorems a file: mean "
        f"{statistics.mean(measured.theorems_per_file):.0f}.\n"
    )


def simulate_shards(workload: Workload, checkers: Sequence[int]) -> None:
    """Shard counts, and how theorems are dealt to shards."""
    print(f"## {len(workload.theorems):,} theorems: shards ({THREADS} theorems at one time in a pod)\n")
    rows = []
    for slots in checkers:
        ideal = shards.one_queue(workload, slots, POD_START_S)
        pods = max(1, slots // THREADS)
        row = [slots, pods, duration(ideal.makespan_s), f"{100 * ideal.utilisation:.0f} %"]
        for deal in (shards.by_theorem, shards.by_file):
            for times in (1, 4, 16):
                dealt = deal(workload, min(pods * times, len(workload.theorems)))
                out = shards.indexed_job(workload, dealt, slots, THREADS, POD_START_S)
                row.append(f"{100 * out.utilisation:.0f} %")
        rows.append(row)
    head = ["checkers", "pods", "one queue: makespan", "its utilisation"]
    head += [f"by {what}, {times} x pods" for what in ("theorem", "file") for times in (1, 4, 16)]
    table(head, rows)


def best_counts(workload: Workload, checkers: Sequence[int]) -> None:
    """The utilisation for many shard counts."""
    print(f"## {len(workload.theorems):,} theorems: which shard count (by theorem)\n")
    counts = (8, 16, 32, 64, 128, 256, 512, 1024)
    rows = []
    for slots in checkers:
        row: list[object] = [slots]
        for count in counts:
            dealt = shards.by_theorem(workload, count)
            out = shards.indexed_job(workload, dealt, slots, THREADS, POD_START_S)
            row.append(f"{100 * out.utilisation:.0f} %")
        rows.append(row)
    table(["checkers", *(f"{count} shards" for count in counts)], rows)


def simulate_routing(workload: Workload, checkers: Sequence[int]) -> None:
    """Which checker is asked, and how many theorems are under way for each slot."""
    policies: dict[str, routing.Choose | None] = {
        "round robin": routing.round_robin,
        "fewest questions": routing.least_loaded,
        "by theorem": routing.by_theorem,
        "by file": routing.by_file,
        "by file, bounded": routing.by_file_bounded,
        "sticky": None,
    }
    for slots in checkers:
        print(f"## {len(workload.theorems):,} theorems, {slots} checkers: who is asked\n")
        rows = []
        for name, choose in policies.items():
            row: list[object] = [name]
            for factor in PER_SLOT:
                out = routing.route(workload, slots, max(1, round(slots * factor)), choose or routing.Sticky())
                row.append(f"{100 * out.useful:.0f} % (wasted {100 * out.wasted_s / (out.makespan_s * slots):.0f} %)")
            rows.append(row)
        table(["policy", *(f"{factor} theorems a slot" for factor in PER_SLOT)], rows)


def numbers(text: str) -> list[int]:
    """A list with commas between."""
    return [int(word) for word in text.split(",")]


def main() -> None:
    """Simulates and prints."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--measured", type=Path, default=Path(__file__).with_name("measured.json"))
    arguments.add_argument("--theorems", type=numbers, default=[10_000, 66_000])
    arguments.add_argument("--checkers", type=numbers, default=[2**power for power in range(10)])
    arguments.add_argument("--part", choices=("shards", "routing"), help="only this one")
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    measured = Measured.read(given.measured)
    told(measured)
    for count in given.theorems:
        workload = measured.draw(count, given.seed)
        if given.part != "routing":
            simulate_shards(workload, given.checkers)
            best_counts(workload, [one for one in given.checkers if one in (16, 64, 128, 256, 512)])
    if given.part != "shards":
        simulate_routing(measured.draw(min(given.theorems), given.seed), [8, 64])


if __name__ == "__main__":
    main()
