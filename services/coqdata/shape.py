"""The shape of a statement: whether it gives a body, which names it states, of which class an instance is."""

import re

from coqdata.words import IDENTIFIER, identifier, tokens, words

_QUALIFIED = re.compile(IDENTIFIER + rb"(?:\." + IDENTIFIER + rb")*")
_LAST_NAME = re.compile(rb"\b[Aa]s\s+(" + IDENTIFIER + rb")\s*\.\s*$")
_OF = re.compile(rb"\bof\s+(" + IDENTIFIER + rb")")


def has_body(text: bytes, at: int, *, constrained: bool = False) -> bool:
    """Whether `:=` stands outside of all brackets and belongs to no `let` or `fix`.

    Args:
        text: a sentence.
        at: where to begin.
        constrained: each `with` has a `:=` of its own, as in `Module M : T with Definition t := nat`.
    """
    depth = owned = 0
    before = b""
    for _, word in tokens(text, at):
        if word in (b"(", b"{", b"["):
            depth += 1
        elif word in (b")", b"}", b"]"):
            depth -= 1
        elif depth == 0:
            if word == b":=":
                if owned == 0:
                    return True
                owned -= 1
            elif (
                word == b"let" or (word in (b"fix", b"cofix") and before != b"let") or (word == b"with" and constrained)
            ):
                owned += 1
        before = word
    return False


def all_have_bodies(text: bytes, at: int) -> bool:
    """Whether all functions that a (co)fixpoint defines together have bodies: `f ... := BODY with g ... := BODY`."""
    depth = owned = matches = 0
    found = notation = False
    for _, word in tokens(text, at):
        if word in (b"(", b"{", b"["):
            depth += 1
        elif word in (b")", b"}", b"]"):
            depth -= 1
        elif depth:
            continue
        elif word == b"match":
            matches += 1
        elif word == b"with" and matches:
            matches -= 1
        elif word == b"with":
            if not found:
                return False
            found = notation = False
            owned = 0
        elif word == b"where":
            notation = True
        elif word == b"let":
            owned += 1
        elif word == b":=" and not notation:
            found = found or not owned
            owned = max(0, owned - 1)
    return found


def other_names(text: bytes, at: int) -> tuple[str, ...]:
    """The names after `with` in a statement of several theorems."""
    depth = matches = 0
    found: list[str] = []
    naming = False
    for _, word in tokens(text, at):
        if naming:
            found.append(identifier(word))
            naming = False
        elif word in (b"(", b"{", b"["):
            depth += 1
        elif word in (b")", b"}", b"]"):
            depth -= 1
        elif depth == 0 and word == b"match":
            matches += 1
        elif depth == 0 and word == b"with":
            naming = matches == 0
            matches -= not naming
    return tuple(found)


def class_of(text: bytes, at: int) -> str:
    """The class of an anonymous instance, `C` in `: forall x, A -> M.C x`; empty where it is not clear."""
    depth, begin, before = 0, at, b""
    for place, word in tokens(text, at):
        if word in (b"(", b"{", b"["):
            depth += 1
        elif word in (b")", b"}", b"]"):
            depth -= 1
        elif depth == 0 and word == b":=":
            break
        elif depth == 0 and (word in (b":", b",", b"\xe2\x86\x92") or (before, word) == (b"-", b">")):
            begin = place + len(word)
        before = word
    for place, word in tokens(text, begin):
        if word not in (b"@", b"!", b"`", b"("):
            name = _QUALIFIED.match(text, place)
            return identifier(name[0].rpartition(b".")[2]) if name else ""
    return ""


def name_after_as(text: bytes) -> str:
    """The name in `... as NAME.` at the end of a command; empty if there is none."""
    found = _LAST_NAME.search(text)
    return identifier(found[1]) if found else ""


def name_after_of(text: bytes) -> str:
    """The name in `Next Obligation of NAME`; empty if there is none."""
    found = _OF.search(text)
    return identifier(found[1]) if found else ""


def equations_name(text: bytes, at: int) -> str:
    """The function that `Equations NAME ...` or `Equations(OPTIONS) NAME ...` at `at` defines."""
    named = [identifier(word) for word in words(text, at, 12) if identifier(word)]
    place = 2 if words(text, at, 2)[1:] == [b"("] else 1
    return named[place] if len(named) > place else ""
