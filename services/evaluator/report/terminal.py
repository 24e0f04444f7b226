"""A comparison in the terminal."""

from collections.abc import Sequence
from typing import Literal

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from evaluator.record import Key
from evaluator.report.comparison import Comparison
from evaluator.report.tables import SAID, Table, sentence, tables
from evaluator.report.words import visible

_SHOWN = 10
_COLUMN = 40


def show(comparison: Comparison, console: Console, *, every: bool = False) -> None:
    """Prints the report; of what one alone proves the first names, or with `every` all of them."""
    for note in comparison.notes:
        console.print(Text(f"note: {visible(note)}", style="yellow"))
    for table in tables(comparison):
        console.print(_table(table))
    for name, keys in comparison.alone.items():
        console.print(_keys(f"Proved by {visible(name)} alone", keys, every=every))
    for pair in comparison.pairs if len(comparison.pairs) <= SAID else ():
        console.print(Text(sentence(pair)), "")


def _table(table: Table) -> RenderableType:
    grid = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    # A cell's lines stand beside each other as long as they are few.
    joint = "  " if len(table.header) < 5 else "\n"
    rows = [[cell.replace("\n", joint) for cell in row] for row in table.rows]
    for number, name in enumerate(table.header):
        # A header may be broken before a figure is.
        widest = max(len(line) for row in rows for line in (row[number].splitlines() or [""]))
        justify: Literal["left", "right"] = "right" if number else "left"
        grid.add_column(Text(name), justify=justify, overflow="fold", min_width=min(widest, _COLUMN))
    for number, row in enumerate(rows, 1):
        style = "bold" if table.totals and number == len(rows) else None
        grid.add_row(*map(Text, row), style=style)
    parts: list[RenderableType] = [Text(table.title, style="bold underline"), grid]
    if table.note:
        parts.append(Text(table.note, style="dim"))
    return Padding(Group(*parts), (0, 0, 1, 0))


def _keys(title: str, keys: Sequence[Key], *, every: bool) -> RenderableType:
    shown = keys if every else keys[:_SHOWN]
    lines: list[RenderableType] = [Text(f"{title}: {len(keys)}", style="bold underline")]
    lines += [
        Text(visible(f"{key.project} {key.file} {key.theorem}" + f"#{key.index}" * bool(key.index))) for key in shown
    ]
    if len(shown) < len(keys):
        lines.append(Text(f"... and {len(keys) - len(shown)} more: --list prints them all", style="dim"))
    return Padding(Group(*lines), (0, 0, 1, 0))
