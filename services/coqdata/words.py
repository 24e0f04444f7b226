"""The words of a sentence, and whether it gives a body: enough to tell what a command is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

IDENTIFIER = rb"[A-Za-z_\x80-\xff][\w'\x80-\xff]*+"

_BLANKS = re.compile(rb"[ \t\r\n]*+")
_COMMENT_MARK = re.compile(rb'\(\*|\*\)|"[^"]*+("?)')
_WORD = re.compile(IDENTIFIER + rb'|\d+|:=|"[^"]*+(?:""[^"]*+)*+"|[^\s]')
_NAME = re.compile(IDENTIFIER)
_LETTERS = re.compile(r"[^\W\d][\w']*")
_NUMBER = re.compile(rb"[0-9]++")
_PREFIX = re.compile(
    rb"(Local|Global|Polymorphic|Monomorphic|Cumulative|NonCumulative|Private|Program"
    rb"|Time|Instructions|Timeout|Redirect|Profile)(?![\w'\x80-\xff])"
)
_PROGRAM = re.compile(rb"\bprogram\b(?!\s*=\s*no\b)")
_REFINE = re.compile(rb"\brefine\b")


@dataclass(frozen=True, slots=True)
class Prefix:
    """What stands before the word that names a command.

    Attributes:
        end: where that word begins.
        program: `Program` or `#[program]` is among it.
        refine: `#[refine]` is among it.
    """

    end: int
    program: bool
    refine: bool


def after_comment(text: bytes, at: int) -> int | None:
    """The offset after the comment that opens at `at`; None when it does not close."""
    depth = 0
    for mark in _COMMENT_MARK.finditer(text, at):
        if mark[0] == b"(*":
            depth += 1
        elif mark[0] == b"*)":
            depth -= 1
            if depth == 0:
                return mark.end()
        elif not mark[1]:
            return None
    return None


def skip_blanks(text: bytes, at: int) -> int:
    """The offset of the first byte from `at` on that is neither blank nor inside a comment.

    A comment that does not close reaches to the end of the text.
    """
    while True:
        at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # it matches the empty text
        if not text.startswith(b"(*", at):
            return at
        after = after_comment(text, at)
        if after is None:
            return len(text)
        at = after


def tokens(text: bytes, at: int = 0) -> Iterator[tuple[int, bytes]]:
    """Words, numbers, strings, `:=` and single marks with their offsets; comments are left out."""
    at = skip_blanks(text, at)
    while at < len(text):
        word = _WORD.match(text, at)
        if word is not None:
            yield at, word[0]
        at = skip_blanks(text, at + 1 if word is None else word.end())


def words(text: bytes, at: int, count: int) -> list[bytes]:
    """Up to `count` words and marks from `at` on; comments are skipped."""
    found: list[bytes] = []
    for _, word in tokens(text, at):
        if len(found) == count:
            break
        found.append(word)
    return found


def identifier(word: bytes) -> str:
    """The identifier that a word begins with; empty if it begins with none.

    Words are cut by bytes, where all letters and symbols beyond ASCII are alike: a symbol ends it here.
    """
    found = _LETTERS.match(word.decode("utf-8", "replace"))
    return found[0] if found else ""


def after_attributes(text: bytes, at: int) -> int | None:
    """The offset after the `#[...]` that begins at `at`; None if there is none."""
    if not text.startswith(b"#", at):
        return None
    depth = 0
    for place, word in tokens(text, at + 1):
        if word == b"[":
            depth += 1
        elif word == b"]":
            depth -= 1
            if depth == 0:
                return place + 1
        # Of the full stops only one inside a name (`use=Nat.add_comm`) may stand there.
        if depth == 0 or word == b'"' or (word == b"." and not text[place + 1 : place + 2].strip()):
            return None
    return None


def after_selector(text: bytes, at: int) -> int | None:
    """The offset after the colon of the goal selector that begins at `at`; None if there is none."""
    first = text[at : at + 1]
    if first == b"[":
        name = _NAME.match(text, skip_blanks(text, at + 1))
        if name is None:
            return None
        at = skip_blanks(text, name.end())
        if not text.startswith(b"]", at):
            return None
        at += 1
    elif first == b"!":
        at += 1
    elif first.isdigit():
        while True:
            number = _NUMBER.match(text, at)
            if number is None:
                return None
            at = skip_blanks(text, number.end())
            if not text.startswith((b"-", b","), at):
                break
            at = skip_blanks(text, at + 1)
    else:
        name = _NAME.match(text, at)
        if name is None or name[0] not in (b"all", b"par"):
            return None
        at = name.end()
    at = skip_blanks(text, at)
    if text.startswith(b":", at) and not text.startswith((b"::", b":=", b":>"), at):
        return at + 1
    return None


def read_prefix(text: bytes) -> Prefix:
    """Attributes and such as `Local`, `Program`, `Time` before a command."""
    at, program, refine = skip_blanks(text, 0), False, False
    while True:
        attributes = after_attributes(text, at)
        if attributes is not None:
            inside = text[at:attributes]
            program = program or _PROGRAM.search(inside) is not None
            refine = refine or _REFINE.search(inside) is not None
            at = skip_blanks(text, attributes)
            continue
        prefix = _PREFIX.match(text, at)
        if prefix is None:
            return Prefix(at, program, refine)
        program = program or prefix[1] == b"Program"
        at = skip_blanks(text, prefix.end())
        if prefix[1] in (b"Timeout", b"Redirect", b"Profile"):
            argument = _WORD.match(text, at)
            if argument is not None and (argument[0].isdigit() or argument[0][:1] == b'"'):
                at = skip_blanks(text, argument.end())


def strip_prefixes(text: bytes) -> tuple[int, bool]:
    """Where the command itself begins after attributes and prefixes, and whether `Program` is one of them."""
    prefix = read_prefix(text)
    return prefix.end, prefix.program
