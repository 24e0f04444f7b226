"""Sentences of Coq text, found exactly as Coq's own lexer finds them.

Everything works on bytes, because Coq's positions are byte offsets. No Python code looks at single
characters: compiled patterns consume whole runs, so that splitting costs little beside what Coq does. A test
compares the result with Coq on the whole standard library.

One thing the text alone does not tell: a notation may declare a symbol that ends in a full stop
(`Infix "+." := f`), and the full stop in it then ends no sentence. Those that the text declares itself are
known from there on; what it imports may declare others, of which only Coq can tell.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from coqdata.symbols import DottedSymbols
from coqdata.words import after_attributes, after_comment, after_selector, skip_blanks, words


class SentenceKind(Enum):
    """What a sentence is by its form."""

    COMMAND = "command"
    """A command or a tactic, with its full stop (or `...`)."""

    BULLET = "bullet"
    """`-`, `++`, `***` and the like."""

    BRACE = "brace"
    """`{` or `}`, with what may stand before it: `2: {`, `[name]: {`, `all: {`, `Time {`."""


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


# A comment without comments or strings inside; `after_comment` does the others.
_FLAT_COMMENT = rb'\(\*(?:[^*("]++|\*(?!\))|\((?!\*))*+\*\)'
# All that a sentence holds before its end. A run of full stops ends it when it is `.` or `...` and a blank or
# the end of the text follows; `..` is a token of recursive notations. Coq takes the longest token: in `.(*`
# and "`(*" the bracket belongs to the token before, and no comment opens.
_INSIDE_ONE = (
    rb'[^".(]++|\.++(?![ \t\r\n]|\Z)|\((?!\*)|"[^"]*+"|(?:(?<=[^.]\.)|(?<=`))\(|'
    + _FLAT_COMMENT
    + rb"|\.\.(?!\.)|\.\.\.\.++"
)
_INSIDE = re.compile(rb"(?:" + _INSIDE_ONE + rb")*+")
_BETWEEN = re.compile(rb"(?:[ \t\r\n]++|" + _FLAT_COMMENT + rb")*+")
_FOCUS = re.compile(rb"-++|\+++|\*++|[{}]")
# A brace need not be the first token of its sentence.
_PREFIXED = re.compile(rb"[0-9\[#!]|(?:all|Time|Fail|Succeed|Timeout|Redirect|Instructions)\b")
_CONTROL = re.compile(rb"(?:Time|Fail|Succeed|Timeout|Redirect|Instructions)\b")
_ARGUMENT = re.compile(rb'[0-9]++|"[^"]*+(?:""[^"]*+)*+"')


def split(source: bytes, known: Sequence[Sentence] = (), declaring: Sequence[bytes] = ()) -> Split:
    """The sentences of `source`. Any bytes are taken; nothing is decoded.

    Args:
        source: the text.
        known: its first sentences, where Coq has said which they are.
        declaring: sentences before the text that declare symbols with full stops in them (see `declarations`).
    """
    symbols = DottedSymbols(_INSIDE_ONE) if declaring or DottedSymbols.possible(source) else None
    sentences = list(known)
    append = sentences.append
    between, focus, inside, prefixed = _BETWEEN.match, _FOCUS.match, _INSIDE.match, _PREFIXED.match
    command, bullet, brace = SentenceKind.COMMAND, SentenceKind.BULLET, SentenceKind.BRACE
    at = rest = known[-1].end if known else 0
    if symbols is not None:
        for text in (*declaring, *(source[one.start : one.end] for one in known)):
            if symbols.declared(text):
                inside = symbols.inside.match
    length = len(source)
    while True:
        at = between(source, at).end()  # type: ignore[union-attr]  # it matches the empty text
        if at >= length:
            return Split(sentences, rest, None)
        if source.startswith(b"(*", at):
            after = after_comment(source, at)
            if after is None:
                return Split(sentences, rest, f"the comment opened at byte {at} does not close")
            at = after
            continue
        start = at
        mark = focus(source, at)
        if mark is not None:
            at = rest = mark.end()
            append(Sentence(start, at, brace if source[start] in b"{}" else bullet))
            continue
        if prefixed(source, at) is not None:
            braced = _after_prefixed_brace(source, at)
            if braced is not None:
                at = rest = braced
                append(Sentence(start, at, brace))
                continue
        while True:
            at = inside(source, at).end()  # type: ignore[union-attr]  # it matches the empty text
            if not source.startswith(b"(*", at):
                if symbols is not None and symbols.go_on(source, start, at):
                    at += 1
                    continue
                break
            after = after_comment(source, at)
            if after is None:
                return Split(sentences, rest, f"the comment opened at byte {at} does not close")
            at = after
        if at >= length:
            return Split(sentences, rest, f"the sentence that begins at byte {start} has no full stop")
        if source.startswith(b'"', at):
            return Split(sentences, rest, f"the string opened at byte {at} does not close")
        at = rest = at + 3 if source.startswith(b"...", at) else at + 1
        append(Sentence(start, at, command))
        if symbols is not None and symbols.declared(source[start:at]):
            inside = symbols.inside.match


def declarations(source: bytes, sentences: Sequence[Sentence]) -> tuple[bytes, ...]:
    """Those of a text's sentences that declare symbols with full stops in them, which decide where later ones end."""
    if not DottedSymbols.possible(source):
        return ()
    symbols = DottedSymbols(_INSIDE_ONE)
    texts = (source[one.start : one.end] for one in sentences)
    return tuple(text for text in texts if symbols.declared(text))


def _after_prefixed_brace(source: bytes, at: int) -> int | None:
    """The offset after a brace behind a selector, attributes or such as `Fail`; None if there is none."""
    while True:
        control = _CONTROL.match(source, at)
        if control is not None:
            at = skip_blanks(source, control.end())
            argument = _ARGUMENT.match(source, at)
            if argument is not None and (argument[0].startswith(b'"') or control[0] == b"Timeout"):
                at = skip_blanks(source, argument.end())
            continue
        attributes = after_attributes(source, at)
        if attributes is None:
            break
        at = skip_blanks(source, attributes)
    selected = after_selector(source, at)
    if selected is not None:
        if source.startswith(b"par", at):
            return None
        at = skip_blanks(source, selected)
    # Unlike at the start of a sentence, `{|` is one token here.
    if source.startswith((b"{", b"}"), at) and not source.startswith(b"{|", at):
        return at + 1
    return None


@dataclass(frozen=True, slots=True)
class Head:
    """How a sentence begins.

    Attributes:
        attributes: what stands inside each `#[...]`, in order: `local`, `export, program`.
        selector: the goal selector without its colon (`all`, `2`, `1-3,5`, `[x]`, `!`, `par`); None if none.
        words: the first words and marks after these. Prefixes such as `Local`, `Program`, `Time` are words.
    """

    attributes: tuple[bytes, ...]
    selector: bytes | None
    words: tuple[bytes, ...]


def head_words(source: bytes, sentence: Sentence, limit: int = 3) -> Head:
    """How a sentence begins, comments left out, with at most `limit` words."""
    text = source[sentence.start : sentence.end]
    at = 0
    attributes: list[bytes] = []
    while (after := after_attributes(text, at)) is not None:
        attributes.append(text[text.index(b"[", at) + 1 : after - 1].strip())
        at = skip_blanks(text, after)
    selected = after_selector(text, at)
    if selected is None:
        return Head(tuple(attributes), None, tuple(words(text, at, limit)))
    selector = text[at : selected - 1].strip()
    return Head(tuple(attributes), selector, tuple(words(text, selected, limit)))
