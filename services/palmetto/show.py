"""What the prover does, shown as it does it: lines on standard error, and a bar where that is a terminal."""

import contextlib
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

_CUT = 110


class Follower:
    """Shows the work on several theorems."""

    def __init__(self, console: Console, progress: Progress | None, total: int, *, verbose: bool, quiet: bool) -> None:
        self._console = console
        self._progress = progress
        self._task = progress.add_task("", total=total) if progress is not None else None
        self._verbose = verbose
        self._quiet = quiet
        self._total = total

    def begin(self, number: int, name: str) -> None:
        """A theorem's turn has come."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description=name[:40])

    def event(self, number: int, name: str, event: dict[str, Any]) -> None:
        """A step."""
        said = _line(event)
        if self._verbose and said and not self._quiet:
            self._console.print(Text(f"  {name}: {said}"[:_CUT], style="dim"))

    def end(self, number: int, name: str, row: dict[str, Any]) -> None:
        """A theorem is done."""
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task)
        if self._quiet:
            return
        proved = row["verdict"] == "PROVED"
        about = " ".join(str(row["script"] or row["message"]).split())
        line = Text(f"[{number + 1}/{self._total}] ")
        line.append(f"{row['verdict']:10} ", style="green" if proved else "yellow")
        line.append(f"{name}  {row['cpu_s']:.1f} s  {about}"[:_CUT])
        self._console.print(line)


@contextlib.contextmanager
def follow(console: Console, total: int, *, verbose: bool, quiet: bool) -> Iterator[Follower]:
    """A follower; with a bar where the console is a terminal."""
    if not console.is_terminal or quiet:
        yield Follower(console, None, total, verbose=verbose, quiet=quiet)
        return
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        yield Follower(console, progress, total, verbose=verbose, quiet=quiet)


def _line(event: dict[str, Any]) -> str:
    """A step in a few words; empty for what says little."""
    kind = event["kind"]
    shown = {
        "generated": lambda: f"{event.get('source', 'model')}: {_flat(event['script']) or event['message']}",
        # What fails, and the holes that stay, are most of all steps: they are left to the event stream.
        "ran": lambda: f"runs: {event['sentence']}" if event["ok"] else "",
        "repaired": lambda: f"repaired ({event['error_class']}): {event['before']} -> {event['after']}",
        "filled": lambda: f"hole {event['id']} filled by {event['tactic']} ({event['how']})",
        "backtracked": lambda: f"takes back: {event['tactic']}",
        "candidate": lambda: f"checks: {_flat(event['script'])}",
        "theorem": lambda: f"{event['theorem']} ({event['number'] + 1} of {event['of']})",
    }.get(kind)
    return _flat(shown()) if shown is not None else ""


def _flat(text: str) -> str:
    return " ".join(text.split())
