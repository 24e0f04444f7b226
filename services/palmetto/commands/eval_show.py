"""What `palmetto eval` shows while it works, and at its end."""

import contextlib
import time
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.text import Text

from evaluator.causes import BUDGET, NOT_RECORDED, NOTHING_FOUND
from evaluator.record import Record
from evaluator.runner import Summary
from evaluator.theorems import Item

_CUT = 150
_STYLES = {"PROVED": "green", "NOT_PROVED": "yellow", "TIMEOUT": "yellow"}
_ORDINARY = ("", BUDGET, NOTHING_FOUND, NOT_RECORDED)


class Show:
    """Tells of a run on a console: a bar on a terminal, a line for each theorem elsewhere."""

    def __init__(self, console: Console, bar: Progress | None, title: str, *, verbose: bool) -> None:
        self._console = console
        self._bar = bar
        self._title = title
        self._lines = verbose or bar is None
        self._task: TaskID | None = None
        self._total = self._done = self._fresh = self._proved = 0
        self._begun = time.monotonic()

    def begin(self, total: int, done: int) -> None:
        """So many theorems, of which so many are done."""
        self._total, self._done, self._fresh = total, done, 0
        self._begun = time.monotonic()
        before = f", {done} of them done before" if done else ""
        self._console.print(Text(f"{self._title}: {total} theorems{before}"))
        if self._bar is not None:
            self._task = self._bar.add_task("", total=total, completed=done, pace="")

    def started(self, item: Item) -> None:
        """A theorem's turn has come."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=item.key.theorem[:32])

    def finished(self, record: Record, again: bool) -> None:
        """A theorem has its record."""
        if not again:
            self._done += 1
            self._fresh += 1
            self._proved += record.proved
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._done, pace=self.pace())
        if self._lines or record.cause not in _ORDINARY:
            self._line(record, again)

    def note(self, text: str) -> None:
        """Something that a person should know."""
        self._console.print(Text(f"palmetto: {text}", style="yellow"))

    def pace(self) -> str:
        """How fast it goes, and how long it will take yet."""
        minutes = (time.monotonic() - self._begun) / 60
        if not self._fresh or minutes <= 0:
            return f"{self._proved} proved"
        rate = self._fresh / minutes
        left = (self._total - self._done) / rate
        return f"{self._proved} proved, {rate:.1f} a minute, {_time(left)} left"

    def _line(self, record: Record, again: bool) -> None:
        line = Text(f"[{self._done}/{self._total}] ")
        line.append(f"{record.verdict:10} ", style=_STYLES.get(record.verdict, "red"))
        about = record.how if record.proved else record.cause
        if record.verdict == "ERROR":
            about = f"{about}: {' '.join(record.message.split())}"
        line.append(f"{record.project}/{record.file} {record.theorem}  {record.cpu_s:.1f} s  {about}"[:_CUT])
        line.append("  (will be tried again)" if again else "" if self._bar is not None else f"  ({self.pace()})")
        self._console.print(line)


def _time(minutes: float) -> str:
    if minutes < 1:
        return f"{minutes * 60:.0f} s"
    if minutes < 90:
        return f"{minutes:.0f} min"
    return f"{int(minutes // 60)} h {int(minutes % 60):02} min"


@contextlib.contextmanager
def following(title: str, *, verbose: bool) -> Iterator[Show]:
    """Shows on standard error."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        yield Show(console, None, title, verbose=verbose)
        return
    columns = (
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield Show(console, bar, title, verbose=verbose)


def report(name: str, summary: Summary) -> str:
    """How it stands with an experiment, in a few lines."""
    total = summary.total
    share = f" ({100 * summary.proved / total:.1f} %)" if total else ""
    lines = [f"{name}: {summary.proved} of {total} theorems proved{share}"]
    if summary.causes:
        lines.append("not proved: " + ", ".join(f"{cause} {count}" for cause, count in summary.causes.most_common()))
    if summary.left:
        lines.append(f"{summary.left} could not be worked on: run the same command again for them.")
    return "\n".join(lines)
