"""A comparison as Markdown (GitHub's tables)."""

import re
from collections.abc import Sequence

from evaluator.record import Key
from evaluator.report.comparison import Comparison
from evaluator.report.tables import SAID, Table, sentence, tables
from evaluator.report.words import visible


def render(comparison: Comparison) -> str:
    """The report; what comes from experiments is shown as text, whatever it holds."""
    names = [visible(one.name) for one in comparison.experiments]
    parts = [f"# {_text(' against '.join(reversed(names)) if len(names) == 2 else ', '.join(names))}"]
    # Of many pairs the table of the differences says it shorter.
    parts += [_text(sentence(pair)) for pair in comparison.pairs if len(comparison.pairs) <= SAID]
    if comparison.notes:
        parts.append("\n".join(f"* {_text(visible(note))}" for note in comparison.notes))
    parts += [_table(table) for table in tables(comparison)]
    parts += [_keys(f"Proved by {visible(name)} alone", keys) for name, keys in comparison.alone.items()]
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    lines = [f"## {_text(table.title)}", "", _row(table.header)]
    lines.append("|" + "---|" + "---:|" * (len(table.header) - 1))
    for number, row in enumerate(table.rows, 1):
        strong = table.totals and number == len(table.rows)
        lines.append(_row(row, strong=strong))
    if table.note:
        lines += ["", _text(table.note)]
    return "\n".join(lines)


def _row(cells: Sequence[str], *, strong: bool = False) -> str:
    texts = [_text(cell) for cell in cells]
    return "| " + " | ".join(f"**{text}**" if strong and text else text for text in texts) + " |"


def _keys(title: str, keys: Sequence[Key]) -> str:
    lines = [f"## {_text(title)} ({len(keys)})", ""]
    lines += [f"* {_text(visible(f'{key.project} {key.file}'))} {_code(_named(key))}" for key in keys]
    return "\n".join(lines if keys else [*lines, "Nothing."])


def _named(key: Key) -> str:
    return visible(key.theorem) + (f"#{key.index}" if key.index else "")


def _text(text: str) -> str:
    """As text in one line: what Markdown or HTML would read as more is escaped."""
    return re.sub(r"([\\`*_\[\]<>|#~&])", r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """As code; a fence longer than any run of backticks inside."""
    flat = " ".join(text.split())
    longest = max(map(len, re.findall("`+", flat)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {flat} {fence}" if longest else f"`{flat}`"
