"""Proofs and tactics that the shape of a goal suggests, with nothing similar at hand."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from model_server.neighbours.terms import State

_NUMBERS = frozenset(("nat", "Z", "N", "positive"))
_ORDER = frozenset(("<", ">", "≤", "≥"))
_ARITHMETIC = frozenset(("+", "*", "-", "S"))
_REALS = frozenset(("R", "Rabs", "Rplus", "Rmult", "sqrt"))
_FINITE = frozenset(("bool", "comparison", "sumbool", "option", "sum", "prod"))
_OF_LIBRARIES = frozenset(("lia", "nia", "lra", "nra", "ring", "field"))
_RECURSIVE = frozenset(("nat", "list", "positive"))


@dataclass(frozen=True, slots=True)
class Shape:
    """What a goal looks like.

    Attributes:
        variables: bound or local names with the head of their type, in order.
        head: the first token of the conclusion behind its quantifiers and premises.
        marks: the tokens of the conclusion.
        quantified: it begins with a quantifier.
        implies: it has premises of its own.
    """

    variables: tuple[tuple[str, str], ...]
    head: str
    conclusion: tuple[str, ...]
    marks: frozenset[str]
    quantified: bool
    implies: bool

    @classmethod
    def of(cls, state: State) -> "Shape":
        """The shape of a state."""
        goal = list(state.goal)
        conclusion = _conclusion(goal)
        everything = frozenset(goal) | {token for one in state.locals for token in one.type}
        variables = [(name, _type_of(name, goal)) for name in state.bound]
        variables += [(one.name, one.type[0]) for one in state.locals if len(one.type) and one.name not in state.bound]
        return cls(
            tuple(variables),
            conclusion[0] if conclusion else "",
            tuple(conclusion),
            everything,
            goal[:1] in (["forall"], ["∀"]),
            _arrow(conclusion) is not None or _arrow(goal) is not None,
        )

    def joined(self, mark: str) -> bool:
        """Whether a connective stands at the top of the conclusion."""
        return _top(list(self.conclusion), mark) is not None


def _top(found: list[str], mark: str) -> int | None:
    """The first place of a mark outside brackets; marks come as single characters."""
    depth = 0
    for at, token in enumerate(found):
        if token in ("(", "{", "["):
            depth += 1
        elif token in (")", "}", "]"):
            depth -= 1
        elif depth == 0 and found[at : at + len(mark)] == list(mark):
            return at
    return None


def _arrow(found: list[str]) -> int | None:
    at = _top(found, "->")
    return None if at is None or (at > 0 and found[at - 1] == "<") else at


def _conclusion(goal: list[str]) -> list[str]:
    """What is left behind quantifiers and premises."""
    left = goal
    for _ in range(100):
        if left[:1] in (["forall"], ["∀"]):
            comma = _top(left, ",")
            if comma is None:
                return left
            left = left[comma + 1 :]
            continue
        arrow = _arrow(left)
        if arrow is None:
            return left
        left = left[arrow + 2 :]
    return left


def _type_of(name: str, goal: list[str]) -> str:
    """The head of a bound variable's type, as far as its binder tells it."""
    at = goal.index(name) if name in goal else len(goal)
    for place in range(at + 1, min(at + 20, len(goal) - 1)):
        if goal[place] == ":":
            return goal[place + 1]
        if goal[place] in (",", ")"):
            break
    return ""


# Tactics that need no library, end soon, and close most goals that a single tactic closes.
_SOLVE = "solve [auto | easy | congruence | tauto | intuition | eauto]"


def proofs(state: State, words: AbstractSet[str] | None = None, unfolded: Sequence[str] = ()) -> list[str]:
    """Whole proofs to try, likeliest first.

    Args:
        state: the goal.
        words: of proofs around it: of the tactics that a library brings only those among them are used; None: all.
        unfolded: definitions in the goal.
    """
    shape = Shape.of(state)
    finishers = _finishers(shape, words)
    # A tactic that is not loaded fails a whole sentence: each of these stands alone.
    loaded = [one for one in finishers if one in _OF_LIBRARIES]
    inductions = _inductions(shape)
    found = [f"intros; {_SOLVE}."]
    found += [f"intros; {one}." for one in loaded[:1]]
    for name in inductions[:2]:
        found.append(f"induction {name}; simpl in *; intros; {_SOLVE}.")
        found.append(f"induction {name}; simpl; intros; try rewrite IH{name}; {_SOLVE}.")
        found += [f"induction {name}; simpl in *; intros; {one}." for one in loaded[:1]]
    found += [f"intros; destruct {name}; simpl in *; {_SOLVE}." for name in _finite(shape)]
    if unfolded:
        names = ", ".join(unfolded)
        found.append(f"intros; unfold {names} in *; {_SOLVE}.")
        found += [f"intros; unfold {names} in *; {one}." for one in loaded[:1]]
    found += [f"intros; {one}." for one in loaded[1:]]
    if shape.joined("<->"):
        found.append("split; intros; firstorder.")
    if shape.joined("/\\"):
        found += [f"intros; repeat split; {one}." for one in ("auto", *loaded[:1])]
    if shape.joined("\\/"):
        found += [f"intros; {side}; {_SOLVE}." for side in ("left", "right")]
    if shape.joined("="):
        found += ["intros; simpl; reflexivity.", "intros; f_equal; auto.", "intros; subst; simpl in *; congruence."]
    if shape.head in ("exists", "∃"):
        found += ["intros; eexists; eauto."]
    if "match" in shape.marks or "if" in shape.marks:
        found.append(
            "intros; repeat match goal with |- context [match ?x with _ => _ end] => destruct x eqn:? end; auto."
        )
    for name in _things(state):
        found.append(f"intros; inversion {name}; subst; {_SOLVE}.")
    found += [f"induction {name}; intros; simpl in *; {_SOLVE}." for name in inductions[2:4]]
    found += ["intros; firstorder.", "intros; unfold not in *; firstorder.", "intros; constructor; auto."]
    return list(dict.fromkeys(found))


def _inductions(shape: Shape) -> list[str]:
    """Variables whose type looks recursive: those whose is known first."""
    known = [name for name, kind in shape.variables if kind in _RECURSIVE]
    others = [
        name
        for name, kind in shape.variables
        if kind
        and kind[0].islower()
        and kind not in _RECURSIVE
        and kind not in _FINITE
        and kind not in {one for one, _ in shape.variables}
    ]
    return list(dict.fromkeys([*known, *others]))


def _finite(shape: Shape) -> list[str]:
    return list(dict.fromkeys(name for name, kind in shape.variables if kind in _FINITE))[:2]


def _things(state: State) -> list[str]:
    """Hypotheses that say something, the latest first."""
    return [one.name for one in reversed(state.locals) if len(one.type) > 1][:2]


def _finishers(shape: Shape, words: AbstractSet[str] | None) -> list[str]:
    """Tactics that may close a goal of this shape, likeliest first."""
    found: list[str] = []
    numbers = shape.marks & _NUMBERS or (shape.marks & _ARITHMETIC and not shape.marks & _REALS)
    equation = shape.joined("=")
    if shape.marks & _REALS:
        found += ["lra", "nra", *(["field", "ring"] if equation else [])]
    if numbers or shape.marks & _ORDER:
        found += ["lia", *(["ring"] if equation else []), "nia"]
    if equation:
        found += ["reflexivity", "congruence", "f_equal; auto"]
    if shape.head == "~" or "False" in shape.conclusion:
        found += ["congruence", "tauto", "intro; discriminate"]
    if shape.head in ("exists", "∃"):
        found += ["eexists; eauto", "firstorder"]
    if words is not None:
        found = [one for one in found if one not in _OF_LIBRARIES or one in words]
    return list(dict.fromkeys([*found, "tauto", "congruence", "eauto", "intuition"]))


def tactics(state: State, words: AbstractSet[str] | None = None) -> list[str]:
    """Single tactics to try, likeliest first; see `proofs`."""
    shape = Shape.of(state)
    found: list[str] = []
    if shape.quantified or shape.implies:
        found.append("intros.")
    if shape.joined("<->") or shape.joined("/\\"):
        found.append("split.")
    if shape.joined("\\/"):
        found += ["left.", "right."]
    if shape.head == "~":
        found.append("intro.")
    if shape.head in ("exists", "∃"):
        found.append("eexists.")
    finishers = _finishers(shape, words)
    found += [f"{one}." for one in finishers[:2]]
    found += ["auto.", "simpl.", "assumption."]
    found += [f"apply {one.name}." for one in reversed(state.locals) if "→" in one.type or ">" in one.type]
    found += [f"rewrite {one.name}." for one in reversed(state.locals) if "=" in one.type and ">" not in one.type]
    for name, kind in shape.variables:
        if kind in _RECURSIVE:
            found += [f"induction {name}.", f"destruct {name}."]
        elif kind in _FINITE:
            found.append(f"destruct {name}.")
    found += [f"destruct {one.name}." for one in reversed(state.locals) if {"\\", "exists"} & set(one.type)]
    found += [f"inversion {one.name}." for one in list(reversed(state.locals))[:3] if len(one.type) > 1]
    found += [f"{one}." for one in finishers[2:]]
    found += ["eauto.", "intuition.", "constructor.", "f_equal.", "subst."]
    return list(dict.fromkeys(found))
