"""Sentences of Coq text: an exact lexer over bytes.

It finds sentence ends as Coq's own lexer does: a full stop followed by a blank or the end of the text,
outside of comments (which nest) and strings (which comments contain too); a bullet or a brace at a
sentence's start is a sentence by itself. A test compares it with Coq on the whole standard library.
"""

import re
from dataclasses import dataclass
from enum import Enum

from coqdata.words import skip_blanks, skip_comment


class SentenceKind(Enum):
    """What a sentence is by its form."""

    COMMAND = "command"
    """A command or a tactic, with its full stop."""

    BULLET = "bullet"
    """`-`, `++`, `***` and the like."""

    BRACE = "brace"
    """`{`, `}`, `2: {`, `[name]: {`."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: bytes `[start, end)` of its text, comments and blanks around it left out."""

    start: int
    end: int
    kind: SentenceKind


@dataclass(frozen=True, slots=True)
class Split:
    """The sentences of a text.

    Attributes:
        sentences: in order.
        rest: offset after the last complete sentence.
        problem: why what follows is no sentence; None where only blanks and comments follow.
    """

    sentences: list[Sentence]
    rest: int
    problem: str | None


_FOCUS = re.compile(rb"(-+|\++|\*+)|(?:(?:\d+|\[\s*[^\W\d][\w'\x80-\xff]*\s*\])\s*:\s*)?\{(?![|])|\}")
# What can hide or be a full stop: strings, comments, runs of dots.
_STEP = re.compile(rb'"(?:[^"]|"")*(?:"|\Z)|\(\*|\.+', re.S)
_BLANK = frozenset(b" \t\n\r\v\f")


def split(source: bytes) -> Split:
    """The sentences of `source`. Any bytes are taken; nothing is decoded."""
    sentences: list[Sentence] = []
    rest, length = 0, len(source)
    while True:
        start = skip_blanks(source, rest)
        if start >= length:
            return Split(sentences, rest, _open_comment(source, rest))
        focus = _FOCUS.match(source, start)
        if focus is not None:
            kind = SentenceKind.BULLET if focus[1] else SentenceKind.BRACE
            rest = focus.end()
        else:
            end = _sentence_end(source, start)
            if end is None:
                return Split(sentences, rest, _why(source, start))
            kind, rest = SentenceKind.COMMAND, end
        sentences.append(Sentence(start, rest, kind))


def _sentence_end(source: bytes, at: int) -> int | None:
    """The offset after the full stop that ends the sentence around `at`; None when there is none."""
    length = len(source)
    while True:
        step = _STEP.search(source, at)
        if step is None:
            return None
        at = step.end()
        if step[0] == b"(*":
            at = skip_comment(source, step.start())
        elif step[0][:1] == b"." and at - step.start() != 2 and (at == length or source[at] in _BLANK):
            # One dot ends a sentence, three do too (`auto...`); two are a notation's `..`.
            return at


def _open_comment(source: bytes, at: int) -> str | None:
    """Whether the blanks from `at` on hold a comment that does not close."""
    while True:
        at = source.find(b"(*", at)
        if at < 0:
            return None
        end = skip_comment(source, at)
        if end == len(source) and not source.endswith(b"*)"):
            return f"the comment opened at byte {at} does not close"
        at = end


def _why(source: bytes, start: int) -> str:
    for step in _STEP.finditer(source, start):
        if step[0][:1] == b'"' and (len(step[0]) < 2 or not step[0].endswith(b'"')):
            return f"the string opened at byte {step.start()} does not close"
    comment = _open_comment(source, start)
    return comment or f"the sentence that begins at byte {start} has no full stop"
