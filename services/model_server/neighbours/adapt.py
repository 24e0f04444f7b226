"""A proof or a tactic of another goal, rewritten for ours."""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from coqdata.sentence import SentenceKind, split
from model_server.neighbours.align import Alignment
from model_server.neighbours.terms import KEYWORDS, NAME, State, bound_names

_INTRODUCES = re.compile(
    r"\b(?:intros?|as|eqn:|set \(|pose \(|assert \(|enough \()\s*([^.;:]*)"
    r"|\b(?:rename \w+ into|remember [^.;]* as)\s+(\w+)"
)
_LEADING_INTROS = re.compile(r"intros?\b([^.;]*)([.;])")
_PATTERN = re.compile(r"\[[^\]]*\]|\([^)]*\)|[^\s\[\]()]+")
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


def adapted(
    text: str,
    source: State,
    ours: State,
    alignment: Alignment,
    known: AbstractSet[str],
    more: Mapping[str, str] | None = None,
) -> str:
    """The text of a proof (or a tactic) with the names of our goal.

    Hypotheses and variables get the names that stand in their place here. Constants that differ between the goals are
    replaced, and so are lemmas whose names are made of them, where a lemma of the new name is `known`. Names that the
    text introduces are made fresh where ours has them already.
    """
    names = alignment.names | dict(more or {})
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


def fitted(text: str, source: State, ours: State, names: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The proof with as much to introduce at its beginning as our goal has, and names for what is there already.

    A theorem may be stated with its variables before the colon or behind it: where our goal has fewer products than the
    source's, the first of its `intros` have nothing to introduce; where it has more, they are introduced first.

    Args:
        text: the proof of the source.
        source, ours: the goals.
        names: their alignment's names.

    Returns:
        The proof, and further names by which to rename it.
    """
    surplus = products(source.goal) - products(ours.goal)
    if surplus < 0:
        first = ours.bound[:-surplus]
        return (f"intros {' '.join(first)}.\n{text}" if first else text), {}
    match = _LEADING_INTROS.match(text)
    if surplus == 0 or match is None:
        return text, {}
    patterns = _PATTERN.findall(match[1])
    more: dict[str, str] = {}
    for pattern, bound in zip(patterns[:surplus], source.bound, strict=False):
        if bound in names and NAME.fullmatch(pattern):
            more[pattern] = names[bound]
    left = " ".join(patterns[surplus:])
    rest = text[match.end() :].lstrip()
    if left:
        return f"intros {left}{match[2]} {rest}", more
    # A bare `intros` does no harm where there is nothing to introduce.
    return (rest if patterns else text), more


def products(goal: Sequence[str]) -> int:
    """How many quantified variables and premises stand at the beginning of a goal."""
    count = depth = 0
    binder = False
    for at, token in enumerate(goal):
        if token in ("(", "{", "["):
            depth += 1
        elif token in (")", "}", "]"):
            depth -= 1
        if depth == 0 and token in ("forall", "∀"):
            bound = bound_names(goal[at : _comma(goal, at)])
            count += len(bound)
            binder = True
        elif depth == 0 and token == ",":
            binder = False
        elif (
            not binder and depth == 0 and token == "-" and "".join(goal[at + 1 : at + 2]) == ">" and goal[at - 1] != "<"
        ):
            count += 1
        elif depth == 0 and token in ("exists", "∃", "fun"):
            break
    return count


def _comma(goal: Sequence[str], at: int) -> int:
    depth = 0
    for place in range(at, len(goal)):
        if goal[place] in ("(", "{", "["):
            depth += 1
        elif goal[place] in (")", "}", "]"):
            depth -= 1
        elif goal[place] == "," and depth == 0:
            return place + 1
    return len(goal)


def unknown_names(text: str, source: State, ours: State, known: AbstractSet[str]) -> int:
    """How many names of a text nothing is known of: lemmas that may not be there."""
    introduced = {
        match[0] for group in _INTRODUCES.finditer(text) for match in NAME.finditer(group[1] or group[2] or "")
    }
    there = set(source.goal) | set(ours.goal) | source.names | ours.names | introduced
    found = {match[0] for match in NAME.finditer(text)}
    return sum(
        1
        for name in found
        if len(name) > 3
        and name not in KEYWORDS
        and name not in there
        and name not in known
        and not name.startswith("IH")
    )
