"""Features of statements and goals, from the text that Coq prints or that stands in the source.

Facts and goals are compared as sets of features: the names in them (short: `Nat.add` counts as `add`), notation
symbols, pairs of neighbours (a function and what it is applied to, an operator and its side), and the same again
for the conclusion alone. Bound variables and hypotheses' names say nothing and are one and the same sign. The
idea (names, head/argument pairs, rare ones count more) is that of CoqHammer's and Tactician's neighbours.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

_TOKEN = re.compile(r"[^\W\d][\w']*(?:\.[^\W\d][\w']*)*|\d+|\"[^\"]*\"|[()\[\]{},;]|[^\s\w()\[\]{},;\"]+")
_BINDERS = re.compile(r"(?:\b(?:forall|exists2?|fun|fix|cofix|sig|sum)\b|[∀∃λ])([^,]*?)(?:,|=>|:=)")
_GROUP = re.compile(r"[({\[]((?:[^\W\d][\w']*\s+)*[^\W\d][\w']*)\s*:(?![:=])")
_LET = re.compile(r"\blet\s+'?([^\W\d][\w']*)")
_NAME = re.compile(r"[^\W\d][\w']*")
_SCOPE = re.compile(r"%[^\W\d]\w*")
_COMMENT = re.compile(r"\(\*(?:[^*(]|\*(?!\))|\((?!\*))*\*\)")
_KEYWORDS = frozenset(
    [
        "forall",
        "exists",
        "exists2",
        "fun",
        "let",
        "in",
        "if",
        "then",
        "else",
        "match",
        "with",
        "end",
        "as",
        "return",
        "fix",
        "cofix",
        "where",
        "is",
        "Type",
        "Prop",
        "Set",
        "SProp",
    ]
)
_PUNCTUATION = frozenset("()[]{},;:.|")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\da-zA-Z_]+")
VARIABLE = "_"

# Namespaces of features, the first character of each.
NAMES, PAIRS, CONCLUSION, WORDS = "n", "p", "c", "w"
SPACES = (NAMES, PAIRS, CONCLUSION, WORDS)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as tokens.

    Attributes:
        tokens: names (short) and symbols in order, bound variables as `_`, without keywords and commas.
        conclusion: those after the last arrow outside of brackets.
    """

    tokens: tuple[str, ...]
    conclusion: tuple[str, ...]


def plain_tokens(text: str) -> list[str]:
    """All tokens of a text as they stand, qualified names in one piece; comments are left out."""
    return _TOKEN.findall(_COMMENT.sub(" ", text))


def bound_names(text: str) -> set[str]:
    """Names that the text binds itself, as far as its form tells."""
    found: set[str] = set()
    for binders in _BINDERS.findall(text):
        head = binders if "(" in binders or "{" in binders else binders.partition(":")[0]
        if "(" not in head and "{" not in head:
            found.update(_NAME.findall(head))
        else:
            found.update(_NAME.findall(re.split(r"[({]", head)[0].partition(":")[0]))
    for group in _GROUP.findall(text):
        found.update(group.split())
    found.update(_LET.findall(text))
    return found


def read_statement(text: str, free: Iterable[str] = ()) -> Statement:
    """The tokens of a statement.

    Args:
        text: a type, or a sentence that states something, without the word and the name that it begins with.
        free: names of hypotheses and section variables around it.
    """
    text = _SCOPE.sub("", _COMMENT.sub(" ", text))
    bound = bound_names(text)
    bound.update(free)
    tokens: list[str] = []
    depth = last = 0
    for token in _TOKEN.findall(text):
        if token in _PUNCTUATION or token in _KEYWORDS:
            if token in "([{":
                depth += 1
            elif token in ")]}":
                depth -= 1
            elif token == "," and depth <= 0:
                last = len(tokens)
            continue
        if token in ("->", "→") and depth <= 0:
            last = len(tokens)
            continue
        if token in bound:
            tokens.append(VARIABLE)
        elif token[0].isalpha() or token[0] == "_":
            tokens.append(token.rpartition(".")[2])
        elif token.endswith(".") and len(token) > 1:
            tokens.append(token[:-1])
        else:
            tokens.append(token)
    return Statement(tuple(tokens), tuple(tokens[last:]) or tuple(tokens))


def name_words(name: str) -> set[str]:
    """The words that a name is made of: `add_comm_Zpos` gives add, comm, zpos."""
    return {part.lower() for part in _PARTS.findall(name.replace("_", " ")) if len(part) > 1}


def features(statement: Statement, *, name: str = "", extra: Statement | None = None) -> frozenset[str]:
    """The features of a statement, each with its namespace's letter before it.

    Args:
        statement: of a premise, or the conclusion of a goal.
        name: of the premise, whose words count too.
        extra: further tokens (hypotheses of a goal): all but those of the conclusion.
    """
    found: set[str] = set()
    words: set[str] = name_words(name) if name else set()
    for one in (statement, extra):
        if one is None:
            continue
        before = ""
        for token in one.tokens:
            if token != VARIABLE:
                found.add(NAMES + token)
                if token[0].isalpha():
                    words |= name_words(token)
            if before and (token != VARIABLE or before != VARIABLE):
                found.add(f"{PAIRS}{before} {token}")
            before = token
    before = ""
    for token in statement.conclusion:
        if token != VARIABLE:
            found.add(CONCLUSION + token)
        if before and (token != VARIABLE or before != VARIABLE):
            found.add(f"{CONCLUSION}{before} {token}")
        before = token
    found.update(WORDS + word for word in words)
    return frozenset(found)


@lru_cache(maxsize=1 << 18)
def feature_id(feature: str) -> int:
    """A number of 64 bits for a feature: the same on every machine. Its top two bits are the namespace."""
    number = int.from_bytes(blake2b(feature.encode(), digest_size=8).digest(), "little")
    return (number >> 2) | (SPACES.index(feature[0]) << 62)


def name_id(full_name: str) -> int:
    """A number of 64 bits for a fully qualified name."""
    return int.from_bytes(blake2b(full_name.encode(), digest_size=8).digest(), "little")
