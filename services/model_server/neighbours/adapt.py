"""A proof or a tactic of another goal, rewritten for ours."""

import re
from collections.abc import Set as AbstractSet

from coqdata.sentence import SentenceKind, split
from model_server.neighbours.align import Alignment
from model_server.neighbours.terms import KEYWORDS, NAME, State

_INTRODUCES = re.compile(
    r"\b(?:intros?|as|eqn:|set \(|pose \(|assert \(|enough \()\s*([^.;:]*)"
    r"|\b(?:rename \w+ into|remember [^.;]* as)\s+(\w+)"
)
_FIRST_INTROS = re.compile(r"intros?\b[^.;]*\.\s*")
_ENDS = re.compile(rb"(?:Qed|Defined|Admitted|Abort|Save)\b")
_CLOSES = re.compile(
    rb"(?:auto|eauto|trivial|easy|now|by|lia|nia|lra|nra|omega|ring|field|reflexivity|assumption|eassumption|exact|congruence"
    rb"|discriminate|contradiction|tauto|intuition|firstorder|absurd|done|sauto|hauto|qauto|sfirstorder|solve|constructor)\b"
)
_COMMENT = re.compile(r"\(\*.*?\*\)", re.S)


def renamed(text: str, names: dict[str, str]) -> str:
    """The text with names replaced, all at once."""
    if not names:
        return text
    return NAME.sub(lambda match: names.get(match[0], match[0]), text)


def adapted(text: str, source: State, ours: State, alignment: Alignment, known: AbstractSet[str]) -> str:
    """The text of a proof (or a tactic) with the names of our goal.

    Hypotheses and variables get the names that stand in their place here. Constants that differ between the goals are
    replaced, and so are lemmas whose names are made of them, where a lemma of the new name is `known`. Names that the
    text introduces are made fresh where ours has them already.
    """
    names = dict(alignment.names)
    names |= _lemmas(text, alignment.constants, known, source)
    names |= _fresh(text, names, source, ours)
    return renamed(text, names)


def _lemmas(text: str, constants: dict[str, str], known: AbstractSet[str], source: State) -> dict[str, str]:
    """Lemmas that are named after constants, as `rev_length` after `rev`."""
    found: dict[str, str] = {}
    if not constants:
        return found
    parts = [
        (re.compile(rf"(?<![^\W_]){re.escape(_last(old))}(?![^\W_])"), _last(new)) for old, new in constants.items()
    ]
    for name in {match[0] for match in NAME.finditer(text)}:
        if name in KEYWORDS or name in source.names or name in constants:
            continue
        changed = name
        for pattern, new in parts:
            changed = pattern.sub(lambda _, word=new: word, changed)  # type: ignore[misc]
        if changed != name and changed in known:
            found[name] = changed
    return found


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _fresh(text: str, names: dict[str, str], source: State, ours: State) -> dict[str, str]:
    """New names for what the text introduces under a name that is in use here."""
    there = {one.name for one in source.locals}
    here = {one.name for one in ours.locals}
    introduced = {
        match[0]
        for group in _INTRODUCES.finditer(text)
        for match in NAME.finditer(group[1] or group[2] or "")
        if match[0] not in KEYWORDS and match[0] not in there
    }
    taken = here | set(names.values()) | {match[0] for match in NAME.finditer(text)}
    found: dict[str, str] = {}
    for name in sorted(introduced):
        target = names.get(name, name)
        if target not in here:
            continue
        number = 0
        while f"{target}{number}" in taken:
            number += 1
        found[name] = f"{target}{number}"
        taken.add(found[name])
    return found


def own_part(rest: str) -> str:
    """Of the rest of a proof, what belongs to the goal in focus: up to where another goal's part begins.

    Only the text is there to tell. A bullet goes on with a goal from before the text when it is the kind that the text
    begins with, or a kind that is new behind a tactic that closes goals.
    """
    source = _COMMENT.sub(" ", rest).encode()
    sentences = split(source).sentences
    first = source[sentences[0].start : sentences[0].end] if sentences else b""
    own = first if sentences and sentences[0].kind is SentenceKind.BULLET else None
    begin = end = sentences[0].end if own is not None else 0
    seen: list[set[bytes]] = [set()]
    closed = False
    for sentence in sentences[1 if own is not None else 0 :]:
        text = source[sentence.start : sentence.end]
        if sentence.kind is SentenceKind.BULLET:
            if text == own or (closed and text not in seen[-1]):
                break
            seen[-1].add(text)
        elif sentence.kind is SentenceKind.BRACE:
            if text.endswith(b"{"):
                seen.append(set())
            elif len(seen) > 1:
                seen.pop()
            else:
                break
        elif _ENDS.match(text) is not None:
            break
        else:
            closed = _CLOSES.match(text) is not None
        end = sentence.end
    return source[begin:end].decode("utf-8", "replace").strip()


def without_intros(text: str) -> str | None:
    """The proof without the `intros` that it begins with; None if it begins otherwise."""
    match = _FIRST_INTROS.match(text)
    return text[match.end() :].strip() if match is not None and text[match.end() :].strip() else None
