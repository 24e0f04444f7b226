"""Tactics for a goal, from its form alone: what a person would try first, with what each try costs.

Goals are read as Coq prints them, so that a notation may hide what is there; a move that does not fit fails in a
millisecond.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coq_checker.client import Goal, Hypothesis

_BINDERS = re.compile(r"\s*forall\s+(.*?),(?!.*\bforall\b.*?:=)", re.S)
_BINDER = re.compile(r"[({]([^(){}:]+):([^(){}]+(?:\([^()]*\)[^(){}]*)*)[)}]")
_NAME = re.compile(r"(?<![\w'.@])[A-Za-z_][\w']*(?:\.[A-Za-z_][\w']*)*")
_DATA = re.compile(r"\(*\s*[a-z][\w'.]*")
_WORDS = "forall exists fun match with end let in if then else as return fix Prop Set Type True False"
_KEYWORDS = frozenset(_WORDS.split())
CASE = "match goal with |- context [match ?x with _ => _ end] => destruct x eqn:? end."
CASE_IN = "match goal with _ : context [match ?x with _ => _ end] |- _ => destruct x eqn:? end."
OPEN = (
    "repeat match goal with H : _ /\\ _ |- _ => destruct H | H : ex _ |- _ => destruct H "
    "| H : _ <-> _ |- _ => destruct H end."
)


@dataclass(frozen=True, slots=True)
class Move:
    """A tactic sentence and its cost: a search with budget b tries what costs at most b."""

    tactic: str
    cost: int


def top_level(text: str) -> str:
    """Without what stands in brackets, so that what is left is at the top."""
    depth = 0
    kept: list[str] = []
    for letter in text:
        if letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth = max(0, depth - 1)
        elif depth == 0:
            kept.append(letter)
    return "".join(kept)


def bound(conclusion: str) -> list[tuple[str, str]]:
    """Names and types of what a conclusion quantifies over at its front."""
    found = _BINDERS.match(conclusion)
    if found is None:
        return []
    text = found[1]
    groups = _BINDER.findall(text)
    if not groups and ":" in text:
        names, _, kind = text.partition(":")
        groups = [(names, kind)]
    return [(name, kind.strip()) for names, kind in groups for name in names.split()]


def is_data(kind: str) -> bool:
    """Whether a printed type looks like one of data, that is, of no proposition."""
    return _DATA.match(kind) is not None and not re.search(r"->|=|<|>|/\\|\\/|~", top_level(kind))


def constants(text: str, names: Sequence[str]) -> list[str]:
    """Names in a text that are neither hypotheses' nor words of the language, in order."""
    taken = {*names, *_KEYWORDS}
    return [name for name in dict.fromkeys(_NAME.findall(text)) if name not in taken]


def _of_hypothesis(one: Hypothesis, recent: bool) -> list[Move]:
    kind, plain = one.type, top_level(one.type)
    found: list[Move] = []
    for name in one.names:
        if one.body is not None:
            found.append(Move(f"subst {name}.", 2))
        elif "\\/" in plain or ("{" in kind and "+" in plain):
            found.append(Move(f"destruct {name}.", 1))
        elif re.search(r"(?<![<>=])=(?!>)", plain) and "->" not in plain and "forall" not in plain:
            found += [Move(f"rewrite {name}.", 2), Move(f"rewrite <- {name}.", 3), Move(f"inversion {name}; subst.", 3)]
        elif kind.startswith("forall") or "->" in plain:
            if "=" in kind:
                found += [Move(f"rewrite {name}.", 1 if recent else 2), Move(f"rewrite <- {name}.", 3)]
            found += [Move(f"apply {name}.", 2), Move(f"eapply {name}.", 3)]
        elif is_data(kind):
            found += [Move(f"destruct {name}.", 3), Move(f"induction {name}.", 3)]
        elif kind not in ("Prop", "Type", "Set"):
            found += [Move(f"inversion {name}; subst.", 2), Move(f"destruct {name}.", 2), Move(f"induction {name}.", 4)]
    return found


def moves(goal: Goal, premises: Sequence[str] = ()) -> list[Move]:
    """What to try on a goal, cheapest first; the order is the same for the same goal."""
    conclusion = goal.conclusion
    exists = re.match(r"\s*exists\b", conclusion) is not None
    # What stands behind `exists` is within it.
    plain = "" if exists else top_level(conclusion)
    names = [name for one in goal.hypotheses for name in one.names]
    found: list[Move] = []
    quantified = bound(conclusion)
    arrow = "->" in plain or plain.lstrip().startswith(("~", "not "))
    if quantified or conclusion.lstrip().startswith("forall") or arrow:
        found.append(Move("intros.", 1))
        found += [Move(f"induction {name}.", 2) for name, kind in quantified if is_data(kind)]
        found += [Move(f"destruct {name}.", 3) for name, kind in quantified if is_data(kind)]
        if arrow:
            found.append(Move("induction 1.", 2))
    else:
        if "/\\" in plain or "<->" in plain:
            found.append(Move("split.", 1))
        if "\\/" in plain:
            found += [Move("left.", 2), Move("right.", 2)]
        if exists:
            found += [Move("eexists.", 2), Move("exists 0.", 3)]
            found += [Move(f"exists {n}.", 3) for one in goal.hypotheses if is_data(one.type) for n in one.names[:3]]
        if "match " in conclusion or "if " in conclusion:
            found.append(Move(CASE, 1))
        # Through definitions, as of an inclusion; fails where none hides a quantifier.
        found.append(Move("intro; repeat intro.", 2))
        found.append(Move("simpl.", 1))
        found.append(Move("constructor.", 2))
        if "=" in plain:
            found += [Move("f_equal.", 2), Move("symmetry.", 4)]
        if any("/\\" in one.type or "exists" in one.type or "<->" in one.type for one in goal.hypotheses):
            found.append(Move(OPEN, 1))
        if any("match " in one.type or "if " in one.type for one in goal.hypotheses):
            found.append(Move(CASE_IN, 2))
        if goal.hypotheses:
            found += [Move("simpl in *.", 2), Move("exfalso.", 5)]
        count = len(goal.hypotheses)
        for at, one in enumerate(reversed(goal.hypotheses)):
            found += _of_hypothesis(one, recent=at < max(2, count // 3))
    for at, name in enumerate(constants(conclusion, names)[:5]):
        found.append(Move(f"unfold {name}.", 2 + at // 2))
        if any(re.search(rf"(?<![\w'.]){re.escape(name)}(?![\w'])", one.type) for one in goal.hypotheses):
            found.append(Move(f"unfold {name} in *.", 2 + at // 2))
    for at, name in enumerate(premises[:12]):
        found += [Move(f"apply {name}.", 2 + at // 4), Move(f"rewrite {name}.", 2 + at // 3)]
        found += [Move(f"eapply {name}.", 3 + at // 3), Move(f"rewrite <- {name}.", 4 + at // 4)]
    for at, name in enumerate(premises[12:]):
        found += [Move(f"apply {name}.", 5 + at // 6), Move(f"eapply {name}.", 6 + at // 6)]
        found += [Move(f"rewrite {name}.", 6 + at // 6), Move(f"rewrite <- {name}.", 7 + at // 6)]
    unique: dict[str, Move] = {}
    for move in found:
        unique.setdefault(move.tactic, move)
    return sorted(unique.values(), key=lambda move: move.cost)
