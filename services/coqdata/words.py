"""The first words of a sentence, and whether it gives a body: enough to tell what a command is."""

import re

_BLANK = re.compile(rb"\s+")
_COMMENT_MARK = re.compile(rb'\(\*|\*\)|"(?:[^"]|"")*"', re.S)
_WORD = re.compile(rb"[^\W\d][\w'\x80-\xff]*|\d+|:=|[^\s\w]")
_PREFIX = re.compile(
    rb"(Local|Global|Polymorphic|Monomorphic|Cumulative|NonCumulative|Private|Program|Time)\b(?!')"
)
_NESTING = re.compile(rb'"(?:[^"]|"")*"|\(\*|[(){}\[\]]|:=|\blet\b|\bwith\b', re.S)


def skip_comment(text: bytes, at: int) -> int:
    """The offset after the comment that opens at `at`; the text's end when it does not close."""
    depth = 0
    for mark in _COMMENT_MARK.finditer(text, at):
        if mark[0] == b"(*":
            depth += 1
        elif mark[0] == b"*)":
            depth -= 1
            if depth == 0:
                return mark.end()
    return len(text)


def skip_blanks(text: bytes, at: int) -> int:
    """The offset of the first byte from `at` on that is neither blank nor inside a comment."""
    while at < len(text):
        blank = _BLANK.match(text, at)
        if blank is not None:
            at = blank.end()
        if not text.startswith(b"(*", at):
            return at
        at = skip_comment(text, at)
    return at


def words(text: bytes, at: int, count: int) -> list[bytes]:
    """Up to `count` words and marks from `at` on; comments are skipped."""
    found: list[bytes] = []
    while len(found) < count:
        at = skip_blanks(text, at)
        word = _WORD.match(text, at)
        if word is None:
            break
        found.append(word[0])
        at = word.end()
    return found


def strip_prefixes(text: bytes) -> tuple[int, bool]:
    """Where the command itself begins after attributes and prefixes, and whether `Program` is one of them."""
    at, program = 0, False
    while True:
        at = skip_blanks(text, at)
        if text.startswith(b"#[", at):
            end = _attribute_end(text, at)
            program = program or re.search(rb"\bprogram\b", text[at:end]) is not None
            at = end
            continue
        prefix = _PREFIX.match(text, at)
        if prefix is None:
            return at, program
        program = program or prefix[1] == b"Program"
        at = prefix.end()


def _attribute_end(text: bytes, at: int) -> int:
    depth = 0
    for mark in re.finditer(rb'"(?:[^"]|"")*"|[\[\]]', text[at:]):
        if mark[0] == b"[":
            depth += 1
        elif mark[0] == b"]":
            depth -= 1
            if depth == 0:
                return at + mark.end()
    return len(text)


def has_body(text: bytes, at: int) -> bool:
    """Whether `:=` stands outside of all brackets and belongs to no `let`."""
    depth, lets = 0, 0
    while True:
        token = _NESTING.search(text, at)
        if token is None:
            return False
        mark, at = token[0], token.end()
        if mark == b"(*":
            at = skip_comment(text, token.start())
        elif mark in (b"(", b"{", b"["):
            depth += 1
        elif mark in (b")", b"}", b"]"):
            depth -= 1
        elif depth == 0 and mark == b"let":
            lets += 1
        elif depth == 0 and mark == b":=":
            if lets == 0:
                return True
            lets -= 1
