"""What of one goal stands in the place of what of another: anti-unification, on tokens."""

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from model_server.neighbours.terms import KEYWORDS, Local, State, is_name

_LOCAL = "$"
# Hypotheses whose types share less than this have nothing to do with each other.
_ALIKE = 0.5
_MOST_HYPOTHESES = 40


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a source's names become ours.

    Attributes:
        names: by source name: hypotheses, bound variables, and constants where the goals have different ones.
        constants: those of them that are constants on both sides.
        likeness: of the goals, 0 to 1; 1 where they differ in local names only.
    """

    names: dict[str, str]
    constants: dict[str, str]
    likeness: float


def align(source: State, ours: State) -> Alignment:
    """The alignment of a source's goal and hypotheses with ours."""
    votes: dict[str, Counter[str]] = {}
    likeness = _vote(source, ours, source.goal, ours.goal, votes)
    _hypotheses(source, ours, votes)
    local_there, local_here = source.names, ours.names
    names: dict[str, str] = {}
    constants: dict[str, str] = {}
    for name, counted in votes.items():
        target, count = counted.most_common(1)[0]
        if target == name or name in KEYWORDS:
            continue
        if (name in local_there) != (target in local_here):
            # A variable in the place of a constant: true of this place alone.
            continue
        if name not in local_there:
            if counted[name] >= count:
                continue
            constants[name] = target
        names[name] = target
    _one_to_one(names, source, votes)
    return Alignment(names, constants, likeness)


def _one_to_one(names: dict[str, str], source: State, votes: dict[str, Counter[str]]) -> None:
    """Of several variables with one target the best keeps it: a proof that introduces them needs distinct names."""
    keeper: dict[str, str] = {}
    moved = [name for name in dict.fromkeys(source.bound) if name in names]
    for name in sorted(moved, key=lambda one: -votes[one][names[one]]):
        if keeper.setdefault(names[name], name) != name:
            del names[name]


def _keys(found: Sequence[str], local: frozenset[str]) -> list[str]:
    return [_LOCAL if token in local else token for token in found]


def _vote(
    source: State, ours: State, there: Sequence[str], here: Sequence[str], votes: dict[str, Counter[str]]
) -> float:
    """Counts which names stand in each other's place; returns how alike the two are."""
    keys_there, keys_here = _keys(there, source.names), _keys(here, ours.names)
    matcher = difflib.SequenceMatcher(None, keys_there, keys_here, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal" or (tag == "replace" and j - i == m - k):
            for a, b in zip(there[i:j], here[k:m], strict=True):
                if is_name(a) and is_name(b):
                    votes.setdefault(a, Counter())[b] += 1
    return matcher.ratio()


def _hypotheses(source: State, ours: State, votes: dict[str, Counter[str]]) -> None:
    """Pairs hypotheses by type: first what is said about things, which tells the things apart, then the things."""
    for of_things in (False, True):
        names = {name: counted.most_common(1)[0][0] for name, counted in votes.items()}
        targets = frozenset(names[one.name] for one in source.locals if one.name in names)
        there = [
            one
            for one in source.locals[-_MOST_HYPOTHESES:]
            if one.name not in names and (len(one.type) <= 1) == of_things
        ]
        here = [one for one in ours.locals[-_MOST_HYPOTHESES:] if one.name not in targets]
        for one, other in _pairs(source, ours, there, here, names, targets):
            votes.setdefault(one.name, Counter())[other.name] += 1
            _vote(source, ours, one.type, other.type, votes)


def _pairs(
    source: State, ours: State, there: list[Local], here: list[Local], names: dict[str, str], targets: frozenset[str]
) -> list[tuple[Local, Local]]:
    """Hypotheses whose types are alike, each once, the most alike first; among equals in order."""
    local_there, local_here = source.names, ours.names
    # A name whose place is known stands for itself, any other local name for any other.
    keys_there = [
        Counter(names.get(token, _LOCAL) if token in local_there else token for token in one.type) for one in there
    ]
    keys_here = [
        Counter(_LOCAL if token in local_here and token not in targets else token for token in one.type) for one in here
    ]
    ranked: list[tuple[float, int, int, int]] = []
    for number, one in enumerate(there):
        for place, other in enumerate(here):
            shared = (keys_there[number] & keys_here[place]).total()
            score = 2 * shared / max(1, len(one.type) + len(other.type)) if one.type or other.type else 1.0
            if score >= _ALIKE:
                ranked.append((score + (0.1 if one.name == other.name else 0.0), -abs(number - place), -number, place))
    taken_there: set[int] = set()
    taken_here: set[int] = set()
    found: list[tuple[Local, Local]] = []
    for _, _, minus_number, place in sorted(ranked, reverse=True):
        if -minus_number not in taken_there and place not in taken_here:
            taken_there.add(-minus_number)
            taken_here.add(place)
            found.append((there[-minus_number], here[place]))
    return found
