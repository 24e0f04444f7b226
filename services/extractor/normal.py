"""Statements and proofs without the names that their authors chose, so that copies are found under other names."""

import hashlib
import re
from collections.abc import Iterable
from typing import Any

_TOKEN = re.compile(r"[^\W\d][\w']*(?:\.[^\W\d][\w']*)*|\d+|[^\s\w]")
_BINDER = re.compile(r"(?:forall|exists!?|fun|∀|∃|λ)\s+([^,]*?)(?:,|=>)", re.S)
_SENTENCE = re.compile(r"^\s*(?:[A-Z]\w*\s+)+?([^\W\d][\w']*)(?=[\s:({\[])")
_NAME = re.compile(r"[^\W\d][\w']*")


def state_tokens(hypotheses: Iterable[tuple[str, str]], goal: str) -> list[str]:
    """Tokens of a goal with its hypotheses; local names are numbered in the order in which they come.

    Hypotheses read as what the goal quantifies over, so that `forall n, P n` and `n: nat |- P n` differ in little.
    """
    given = list(hypotheses)
    local = [name for name, _ in given]
    text = " ".join([*(f"{name} : {kind} ," for name, kind in given), "|-", goal])
    for binder in _BINDER.finditer(text):
        local += _NAME.findall(re.sub(r":[^()]*", " ", binder[1]))
    return _numbered(text, set(local))


def proof_tokens(proof: str, local: Iterable[str] = ()) -> list[str]:
    """Tokens of a proof; the names that its tactics give (`as`, `intros`) are numbered, too."""
    names = set(local)
    for said in re.finditer(r"\b(?:intros?|as|intro)\s+([^.;]*)", proof):
        names.update(_NAME.findall(said[1]))
    return _numbered(proof, names)


def tokens_of(row: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Tokens of an example's goal, and of its proof."""
    hypotheses = [(str(one["name"]), str(one["type"])) for one in row["hypotheses"]]
    return state_tokens(hypotheses, row["goal"]), proof_tokens(row["proof"], [name for name, _ in hypotheses])


def statement_tokens(statement: str) -> list[str]:
    """Tokens of a statement as it stands in a source: its keyword and name do not count, nor does its full stop."""
    named = _SENTENCE.match(statement)
    body = statement[named.end() :] if named is not None else statement
    body = body.strip().removesuffix(".").lstrip(": ")
    return state_tokens((), body)


def digest(tokens: Iterable[str]) -> bytes:
    """Eight bytes that stand for the tokens."""
    return hashlib.blake2b("\0".join(tokens).encode("utf-8", "replace"), digest_size=8).digest()


def shingles(tokens: list[str], width: int = 4) -> set[bytes]:
    """Runs of so many tokens, as a set; a short text is one run."""
    runs = [tokens[at : at + width] for at in range(max(1, len(tokens) - width + 1))]
    return {"\0".join(run).encode("utf-8", "replace") for run in runs}


def _numbered(text: str, local: set[str]) -> list[str]:
    numbers: dict[str, str] = {}
    found: list[str] = []
    for token in _TOKEN.findall(text):
        head, dot, rest = token.partition(".")
        if head in local:
            found.append(numbers.setdefault(head, f"_{len(numbers)}") + dot + rest)
        else:
            found.append(token)
    return found
