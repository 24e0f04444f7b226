"""Printed terms as tokens, and the names that they bind."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NAME = r"[^\W\d][\w']*"
_TOKEN = re.compile(rf"{_NAME}(?:\.{_NAME})*|\d+|\"[^\"]*\"|[()\[\]{{}},;@]|\S")
NAME = re.compile(rf"(?<![\w'.@]){_NAME}(?:\.{_NAME})*")
_IDENTIFIER = re.compile(_NAME)
_BINDERS = frozenset(("forall", "exists", "fun", "∀", "∃", "λ", "exists2"))
_ENDS = frozenset((",", "=>"))
# Words of terms and of proofs: none of them is a name that may be replaced.
_WORDS = (
    "forall exists fun let in match with end if then else return as at Prop Set Type SProp fix cofix where "
    "using by of intros intro apply eapply exact refine rewrite erewrite simpl cbn unfold fold induction "
    "destruct case elim inversion subst auto eauto trivial easy now lia nia lra nra omega ring field "
    "congruence tauto intuition firstorder split left right constructor econstructor discriminate injection "
    "contradiction exfalso assert enough pose set remember replace generalize specialize revert clear rename "
    "cut change red repeat try do solve first progress idtac fail have move symmetry transitivity reflexivity "
    "assumption f_equal eexists Proof Qed Defined proof into after before eqn"
)
KEYWORDS = frozenset(_WORDS.split())
# Longer goals are compared by their beginning.
_MOST_TOKENS = 400


def tokens(text: str) -> list[str]:
    """Names (with their modules), numbers, strings and marks."""
    found: list[str] = []
    for match in _TOKEN.finditer(text):
        found.append(match[0])
        if len(found) == _MOST_TOKENS:
            break
    return found


def is_name(token: str) -> bool:
    """Whether a token is a name that may be replaced."""
    return _IDENTIFIER.match(token) is not None and token not in KEYWORDS


def bound_names(found: Sequence[str]) -> list[str]:
    """The names that a term binds, in order: after `forall`, `exists`, `fun`."""
    names: list[str] = []
    at = 0
    while at < len(found):
        if found[at] not in _BINDERS:
            at += 1
            continue
        at += 1
        depth = 0
        in_type = False
        typed_at = 0
        while at < len(found):
            token = found[at]
            if token in ("(", "{", "["):
                depth += 1
            elif token in (")", "}", "]"):
                depth -= 1
                if in_type and depth < typed_at:
                    in_type = False
            elif token == ":":
                in_type, typed_at = True, depth
            elif (token in _ENDS and depth == 0) or (
                token == "=" and at + 1 < len(found) and found[at + 1] == ">" and depth == 0
            ):
                break
            elif not in_type and is_name(token):
                names.append(token)
            elif in_type and token in _BINDERS:
                break
            at += 1
    return names


def _outside(found: list[str]) -> list[str]:
    """The tokens outside all brackets."""
    kept: list[str] = []
    depth = 0
    for token in found:
        if token in ("(", "{", "["):
            depth += 1
        elif token in (")", "}", "]"):
            depth -= 1
        elif depth == 0:
            kept.append(token)
    return kept


@dataclass(frozen=True, slots=True)
class Local:
    """A hypothesis: its name and the tokens of its type."""

    name: str
    type: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """A goal as tokens.

    Attributes:
        locals: hypotheses, oldest first.
        goal: the conclusion.
        bound: names that the conclusion binds.
    """

    locals: tuple[Local, ...]
    goal: tuple[str, ...]
    bound: tuple[str, ...]

    @classmethod
    def of(cls, hypotheses: list[tuple[str, str]], goal: str) -> "State":
        """The state of printed hypotheses (name, type) and conclusion."""
        found = tokens(goal)
        return cls(
            tuple(Local(name, tuple(tokens(kind))) for name, kind in hypotheses),
            tuple(found),
            tuple(bound_names(found)),
        )

    @classmethod
    def stated(cls, statement: str) -> "State":
        """The state that a statement as it stands in a source opens: its binders are hypotheses."""
        found = tokens(statement.strip().removesuffix("."))
        depth = 0
        colon = next_binder = None
        groups: list[list[str]] = []
        for at, token in enumerate(found):
            if token in ("(", "{", "["):
                if depth == 0:
                    next_binder = at + 1
                depth += 1
            elif token in (")", "}", "]"):
                depth -= 1
                if depth == 0 and next_binder is not None:
                    groups.append(found[next_binder:at])
            elif token == ":" and depth == 0:
                colon = at
                break
        if colon is None:
            goal = found[1:] if found[:1] == ["Goal"] else found
            return cls((), tuple(goal), tuple(bound_names(goal)))
        hypotheses: list[Local] = []
        # Binders may come without brackets and types: `Lemma foo n m : ...`.
        plain = _outside(found[2:colon])
        for group in [plain, *groups] if plain else groups:
            split = group.index(":") if ":" in group else len(group)
            hypotheses += [Local(name, tuple(group[split + 1 :])) for name in group[:split] if is_name(name)]
        goal = found[colon + 1 :]
        return cls(tuple(hypotheses), tuple(goal), tuple(bound_names(goal)))

    @property
    def names(self) -> frozenset[str]:
        """Hypotheses and bound names."""
        return frozenset((*(one.name for one in self.locals), *self.bound))
