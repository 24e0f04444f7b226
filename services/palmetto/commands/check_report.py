"""What `palmetto check` prints: lines of JSON, or a table, and its exit status."""

import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from coq_checker.client import Goal, ProofResult, Verdict
from palmetto.commands import COULD_NOT_RUN
from palmetto.commands.check_sources import Source
from palmetto.streams import print_json

# So much of what a policy refuses stands in a line.
_NAMED = 4
_STYLES = {Verdict.PROVED: "green", Verdict.INCOMPLETE: "yellow"}


@dataclass(frozen=True, slots=True)
class Row:
    """One answer: whose file, on which theorem, and what came out."""

    source: Source
    theorem: str
    result: ProofResult


class Report:
    """Prints what comes: a line of JSON at once, or a table at the end."""

    def __init__(self, as_json: bool, *, several: bool) -> None:
        self._json = as_json
        self._several = several
        self._rows: list[Row] = []
        self._problems: list[str] = []

    def add(self, row: Row) -> None:
        """Notes one answer."""
        self._rows.append(row)
        if self._json:
            shown = {"file": str(row.source.path)} if self._several else {}
            print_json({**shown, **_as_json(row)})
        elif sys.stderr.isatty():
            print(f"\r\x1b[K{len(self._rows)} checked: {row.theorem}"[:100], end="", file=sys.stderr, flush=True)

    def problem(self, message: str) -> None:
        """Notes why a file, or a part of it, could not be checked."""
        self._problems.append(message)

    @property
    def status(self) -> int:
        """The exit status."""
        if self._problems or any(row.result.verdict is Verdict.ERROR for row in self._rows):
            return COULD_NOT_RUN
        return 0 if all(row.result.proved for row in self._rows) else 1

    def finish(self) -> None:
        """Prints the table, and what could not be checked."""
        if not self._json:
            if sys.stderr.isatty():
                print("\r\x1b[K", end="", file=sys.stderr)
            _print_table(self._rows, several=self._several, whole=not self._problems)
        errors = [row for row in self._rows if row.result.verdict is Verdict.ERROR]
        # What breaks a file is the answer on every theorem after it, and is said once.
        said = [row.source.problem(row.result.message) for row in errors]
        for message in dict.fromkeys([*said, *self._problems]):
            print(f"palmetto: {message}", file=sys.stderr)


def _as_json(row: Row) -> dict[str, Any]:
    result = row.result
    return {
        "theorem": row.theorem,
        "verdict": result.verdict.value,
        "reason": result.reason.value,
        "message": result.message,
        "sentence": result.sentence,
        "start": result.start,
        "end": result.end,
        "goals": [_goal_as_json(goal) for goal in result.goals],
        "shelf": [_goal_as_json(goal) for goal in result.shelf],
        "given_up": [_goal_as_json(goal) for goal in result.given_up],
        "axioms": list(result.axioms),
        "features": list(result.features),
        "features_known": result.features_known,
        "known_bugs": list(result.known_bugs),
        "second_opinion": asdict(result.second_opinion) if result.second_opinion is not None else None,
        "cpu_ms": round(result.timings.cpu_ns / 1e6, 3),
        "wall_ms": round(result.timings.wall_ns / 1e6, 3),
        "toolchain": result.toolchain,
        "coq_version": result.coq_version,
    }


def _goal_as_json(goal: Goal) -> dict[str, Any]:
    return {
        "name": goal.name,
        "hypotheses": [{"names": list(h.names), "body": h.body, "type": h.type} for h in goal.hypotheses],
        "conclusion": goal.conclusion,
        "existentials": [{"name": one.name, "type": one.type} for one in goal.existentials],
    }


def _besides(result: ProofResult) -> Iterator[str]:
    """What is told of a proved theorem in lines of its own."""
    if not result.proved:
        return
    if result.against_strict:
        named, more = result.against_strict[:_NAMED], len(result.against_strict[_NAMED:])
        yield f"--strict refuses it: {', '.join(named)}" + (f" and {more} more (--json)" if more else "")
    opinion = result.second_opinion
    if opinion is not None:
        yield f"{opinion.toolchain} " + (
            "accepts it too" if opinion.accepted else f"does not confirm it: {opinion.message}"
        )


def _print_table(rows: list[Row], *, several: bool, whole: bool) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=160)
    table = Table(box=None, pad_edge=False)
    if several:
        table.add_column("file", overflow="fold")
    for name in ("theorem", "verdict"):
        table.add_column(name, overflow="fold")
    table.add_column("CPU ms", justify="right")
    table.add_column("axioms, or what is wrong", overflow="fold")
    for row in rows:
        result = row.result
        about = ", ".join(result.axioms) if result.proved else result.message
        if result.sentence and not result.proved:
            about = f"{about}  at: {' '.join(result.sentence.split())[:80]}"
        about = "\n".join(line for line in (about, *_besides(result)) if line)
        cells = [row.theorem, result.verdict.value, f"{result.timings.cpu_ns / 1e6:.1f}", about]
        style = _STYLES.get(result.verdict, "red")
        shown = [Text(cell) for cell in cells]
        shown[1].stylize(style)
        table.add_row(*([Text(str(row.source.path))] if several else []), *shown)
    if rows:
        console.print(table)
    proved = sum(row.result.proved for row in rows)
    # Where a file could not be judged nobody knows how many there are.
    if rows or whole:
        console.print(f"{proved} of {len(rows)} theorems proved" if rows else "no theorems found")
    if any(row.result.proved and not row.result.features_known for row in rows):
        console.print("what they use of Coq's kernel is not known: --engine native looks at their terms")
