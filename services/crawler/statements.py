"""What makes two statements the same: their words, whatever the name, the layout, the comments and the file."""

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache

from coqdata.source import plain
from coqdata.theorem import Theorem, TheoremKind, theorems
from coqdata.words import read_prefix, tokens

# Their statement does not stand in the file.
_WITHOUT_STATEMENT = frozenset((TheoremKind.OBLIGATION, TheoremKind.DERIVE, TheoremKind.MORPHISM))
_UNNAMED = frozenset((TheoremKind.GOAL,))
_REMEMBERED = 100_000
_REMEMBERED_BYTES = 2000
_PROVED = frozenset(("Qed", "Defined", "Save", "Proof"))
_COMMAND_WORDS = frozenset((b"Let", b"Fixpoint", b"CoFixpoint"))
_OPEN, _CLOSE = frozenset((b"(", b"{", b"[")), frozenset((b")", b"}", b"]"))
_VERILOG = re.compile(rb"^[ \t]*endmodule\b", re.MULTILINE)


def is_verilog(source: bytes) -> bool:
    """Whether a `.v` file is of the hardware language that has the same ending."""
    return _VERILOG.search(source) is not None and b"Qed." not in source


def is_text(source: bytes) -> bool:
    """Whether it is UTF-8."""
    try:
        source.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_proved(theorem: Theorem) -> bool:
    """Whether a theorem has a proof that was finished."""
    return theorem.ending in _PROVED


def statements(source: bytes) -> Iterator[tuple[Theorem, int]]:
    """The theorems of a file that state something there, each with a hash of 64 bits of what it states."""
    source = plain(source)
    for theorem in theorems(source):
        if theorem.kind not in _WITHOUT_STATEMENT:
            yield theorem, statement_hash(source[theorem.start : theorem.statement_end], theorem)


def statement_hash(text: bytes, theorem: Theorem) -> int:
    """The hash of a statement: of its words after the kind and the name."""
    ask = _hash if len(text) <= _REMEMBERED_BYTES else _hash.__wrapped__
    return ask(text, theorem.name, theorem.kind, bool(theorem.also))


@lru_cache(_REMEMBERED)  # the versions of a file have most statements in common
def _hash(text: bytes, name: str, kind: TheoremKind, among_others: bool) -> int:
    words = [word for _, word in tokens(text, read_prefix(text).end)]
    at = 0
    while at < len(words) and (at == 0 or words[at] in _COMMAND_WORDS):
        at += 1
    named = kind not in _UNNAMED and at < len(words) and words[at] == name.encode()
    kept = words[at + 1 :] if named else words[at:]
    # For the others of `Lemma a : A with b : B` the name is not the first word: the whole statement is theirs too.
    if not named and among_others and kind not in _UNNAMED:
        kept = words[at + 1 :]
    return int.from_bytes(hashlib.sha256(b"\0".join(_closed(kept))).digest()[:8], "big", signed=True)


def _closed(words: list[bytes]) -> list[bytes]:
    """A statement without parameters: `(n : nat) : P n` is `forall (n : nat), P n`."""
    depth = 0
    for at, word in enumerate(words):
        depth += (word in _OPEN) - (word in _CLOSE)
        if word == b":" and depth == 0:
            rest = words[at + 1 :]
            return [b"forall", *words[:at], b",", *rest] if at else rest
        if word == b":=":
            break
    return words
