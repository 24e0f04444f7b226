"""Numbers and names as a report writes them."""

import math
import unicodedata

from evaluator.report.statistics import Interval

NOTHING = "\u2013"
"""Where there is no figure."""


def percent(rate: float) -> str:
    """`57.6 %`."""
    return f"{100 * rate:.1f} %"


def between(interval: Interval) -> str:
    """`[55.4, 59.7]`, in percent."""
    return f"[{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def points(difference: float) -> str:
    """`+3.1`, in percentage points."""
    return f"{100 * difference:+.1f}"


def signed_between(interval: Interval) -> str:
    """`[+1.2, +5.0]`, in percentage points."""
    return f"[{100 * interval.low:+.1f}, {100 * interval.high:+.1f}]"


def p_value(p: float) -> str:
    """`0.031`, `< 0.001`."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def seconds(value: float | None) -> str:
    """Seconds with as many digits as mean something; a dash for what is not known."""
    if value is None or math.isnan(value):
        return NOTHING
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def count(value: float | None) -> str:
    """A count, with separators; a dash for what is not known."""
    return NOTHING if value is None else f"{value:,.0f}"


def visible(text: str) -> str:
    """The text without characters that act: controls are shown as pictures, and what reorders text as U+FFFD.

    What comes from a model or a project may hold a terminal's escape sequences, or letters that are no Unicode.
    """
    return "".join(map(_shown, text)) if not text.isascii() or not text.isprintable() else text


def _shown(character: str) -> str:
    if character in "\n\t":
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if unicodedata.category(character) in ("Cc", "Cs") or unicodedata.bidirectional(character) in _REORDERING:
        return "\ufffd"
    return character


_REORDERING = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))
