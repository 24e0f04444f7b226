"""How a proof is put into a file: edits that take the place of what was admitted, indented as the file has it."""

import re
import textwrap
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass

from coqdata.sentence import SentenceKind, split
from coqdata.theorem import theorems
from coqdata.words import after_selector

_UNIT = "  "
# Sentences that look at more than the first goal, or that take goals out of sight.
_MANY_GOALS = re.compile(r"(?:all|par)\s*:|\b(?:Unshelve|shelve\w*|cycle|swap|revgoals)\b")


@dataclass(frozen=True, slots=True)
class Edit:
    """Text that takes the place of the bytes from `start` to `end`."""

    start: int
    end: int
    text: str


def apply(source: bytes, changes: list[Edit]) -> bytes:
    """The text with the edits made; they do not overlap."""
    for edit in sorted(changes, key=lambda one: (one.start, one.end), reverse=True):
        source = source[: edit.start] + edit.text.encode() + source[edit.end :]
    return source


@dataclass(frozen=True, slots=True)
class Level:
    """A bullet or brace that is open.

    Attributes:
        mark: `-`, `++`, `{`.
        outer: blanks as wide as what stands before it on its line.
        inner: blanks up to what is done under it.
    """

    mark: str
    outer: str
    inner: str


def open_levels(proof: str) -> list[Level]:
    """The bullets and braces that are open at the end of the beginning of a proof, outermost first."""
    source = proof.encode()
    levels: list[Level] = []
    for sentence in split(source).sentences:
        said = source[sentence.start : sentence.end].decode()
        mark = said[-1] if sentence.kind is SentenceKind.BRACE else said
        if sentence.kind is SentenceKind.COMMAND:
            continue
        if mark == "}":
            while levels and levels.pop().mark != "{":
                pass
            continue
        if sentence.kind is SentenceKind.BULLET:
            inside = [one.mark for one in bullets(levels)]
            if mark in inside:
                del levels[len(levels) - len(inside) + inside.index(mark) :]
        outer = as_blanks(source, sentence.start)
        levels.append(Level(mark, outer, outer + " " * (len(said) + 1)))
    return levels


def bullets(levels: list[Level]) -> list[Level]:
    """The open bullets that another one may not be: those inside of the last open brace."""
    at = len(levels)
    while at > 0 and levels[at - 1].mark != "{":
        at -= 1
    return levels[at:]


def fresh_bullet(levels: list[Level]) -> str:
    """A bullet that opens a level below these."""
    used = {one.mark for one in bullets(levels)}
    return next(
        mark
        for width in range(1, len(used) + 2)
        for mark in ("-" * width, "+" * width, "*" * width)
        if mark not in used
    )


def line_before(source: bytes, at: int) -> str:
    """What stands before an offset on its line."""
    return source[source.rfind(b"\n", 0, at) + 1 : at].decode("utf-8", "replace")


def indentation(source: bytes, at: int) -> str:
    """The blanks that the line of an offset begins with."""
    line = source[source.rfind(b"\n", 0, at) + 1 :]
    return line[: len(line) - len(line.lstrip(b" \t"))].decode()


def as_blanks(source: bytes, at: int) -> str:
    """Blanks as wide as what stands before an offset on its line."""
    return re.sub(r"[^\t]", " ", line_before(source, at))


def unit_of(source: bytes) -> str:
    """By how much the proofs of a text are indented; two blanks where it does not tell."""
    found: Counter[str] = Counter()
    sentences = split(source).sentences
    starts = [one.start for one in sentences]
    for theorem in theorems(source):
        at = bisect_right(starts, theorem.statement_end)
        if at + 1 >= len(sentences) or not source.startswith(b"Proof", starts[at]):
            continue
        opener, tactic = starts[at], starts[at + 1]
        if tactic >= theorem.proof_end or line_before(source, opener).strip() or line_before(source, tactic).strip():
            continue
        outer, inner = line_before(source, opener), line_before(source, tactic)
        gives_up = source.startswith((b"Admitted", b"Abort", b"Qed", b"Defined"), tactic)
        if inner.startswith(outer) and not gives_up:
            found[inner[len(outer) :]] += 1
    if found:
        return found.most_common(1)[0][0]
    tabs, blanks = source.count(b"\n\t"), source.count(b"\n  ")
    return "\t" if tabs > blanks else _UNIT


def body_lines(script: str) -> list[str]:
    """The lines of a whole proof without `Proof.` and its end, not indented."""
    source = script.encode()
    sentences = split(source).sentences
    if sentences and source.startswith(b"Proof", sentences[0].start):
        sentences = sentences[1:]
    if sentences and re.match(rb"(?:Qed|Defined|Save)\b", source[sentences[-1].start :]):
        sentences = sentences[:-1]
    if not sentences:
        return []
    start = sentences[0].start
    text = as_blanks(source, start) + source[start : sentences[-1].end].decode("utf-8", "replace")
    return textwrap.dedent(text).strip().split("\n")


def beside_others(lines: list[str]) -> bool:
    """Whether these tactics may stand where other goals are in focus, and bullets are open."""
    source = "\n".join(lines).encode()
    for one in split(source).sentences:
        said = source[one.start : one.end]
        if one.kind is not SentenceKind.COMMAND or after_selector(said, 0) is not None:
            return False
        if _MANY_GOALS.search(said.decode("utf-8", "replace")):
            return False
    return True


def under(lines: list[str], blanks: str, *, braces: bool) -> str:
    """The tactics for one goal, to be put where a line has `blanks` before it.

    Args:
        lines: the tactics.
        blanks: what further lines begin with.
        braces: put braces around them.
    """
    if braces:
        return "{ " + f"\n{blanks}  ".join(lines) + " }"
    return f"\n{blanks}".join(lines)
