"""Proofs and tactics that the shape of a goal suggests, with nothing similar at hand."""

from dataclasses import dataclass

from model_server.neighbours.terms import State

_NUMBERS = frozenset(("nat", "Z", "N", "positive"))
_ORDER = frozenset(("<", ">", "≤", "≥"))
_ARITHMETIC = frozenset(("+", "*", "-", "S"))
_REALS = frozenset(("R", "Rabs", "Rplus", "Rmult", "sqrt"))
_FINITE = frozenset(("bool", "comparison", "sumbool", "option", "sum", "prod"))
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


def proofs(state: State) -> list[str]:
    """Whole proofs to try, likeliest first."""
    shape = Shape.of(state)
    found: list[str] = []
    intros = "intros. " if shape.quantified or shape.implies else ""
    finishers = _finishers(shape)
    if shape.joined("<->"):
        found += [f"{intros}split; intros; {one}." for one in ("auto", "firstorder", *finishers[:2])]
    if shape.joined("/\\"):
        found += [f"{intros}repeat split; {one}." for one in ("auto", "eauto", *finishers[:2])]
    if shape.joined("\\/"):
        found += [f"{intros}left; {finishers[0]}.", f"{intros}right; {finishers[0]}."]
    found.append(f"{intros}auto.")
    found += [f"{intros}{one}." for one in finishers]
    found.append(f"{intros}simpl in *. {finishers[0]}.")
    for name, kind in shape.variables:
        if kind in _RECURSIVE or (kind and not kind[0].isupper() and kind not in _FINITE and kind not in ("Z", "N")):
            for end in ("simpl; intros; auto", "simpl; intros; try congruence; auto", f"simpl; intros; {finishers[0]}"):
                found.append(f"induction {name}; {end}.")
        elif kind in _FINITE:
            found.append(f"{intros}destruct {name}; simpl; {finishers[0]}.")
    if "match" in shape.marks or "if" in shape.marks:
        found.append(
            f"{intros}repeat match goal with |- context [match ?x with _ => _ end] => destruct x eqn:? end; auto."
        )
    found += [
        f"{intros}eauto.",
        f"{intros}intuition eauto.",
        f"{intros}firstorder.",
        f"{intros}unfold not in *; firstorder.",
    ]
    return list(dict.fromkeys(found))


def _finishers(shape: Shape) -> list[str]:
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
    return list(dict.fromkeys([*found, "tauto", "congruence", "eauto", "intuition"]))


def tactics(state: State) -> list[str]:
    """Single tactics to try, likeliest first."""
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
    finishers = _finishers(shape)
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
