"""Finding the theorems of a file by what they are called."""

from collections.abc import Iterable

from coqdata.theorem import Theorem, TheoremKind

# How their theorems are called is a guess where Coq has not been asked.
_GUESSED = frozenset(
    (TheoremKind.OBLIGATION, TheoremKind.INSTANCE, TheoremKind.GOAL, TheoremKind.EQUATIONS, TheoremKind.FUNCTION)
)
# Commands that may open a proof without looking like it.
_MAY_OPEN = (b"Equations", b"Program", b"Elpi", b"HB.")


def may_have_other_names(source: bytes, found: Iterable[Theorem]) -> bool:
    """Whether Coq may know theorems of a file by names that its text does not tell.

    Args:
        source: the file.
        found: its theorems, as far as the text tells.
    """
    return any(one.kind in _GUESSED for one in found) or any(word in source for word in _MAY_OPEN)


def named(found: Iterable[Theorem], name: str) -> list[Theorem]:
    """Those of the theorems that a name means: more than one where it does not tell them apart.

    A qualified name goes before a bare one, and one whose proof was not aborted before those that were: `Abort`
    leaves the name free to be stated again.
    """
    fitting = [one for one in found if name in (one.name, one.qualified_name)]
    exact = [one for one in fitting if one.qualified_name == name]
    kept = [one for one in exact or fitting if one.ending != "Abort"]
    return kept or exact or fitting


def numbered(found: Iterable[Theorem]) -> dict[int, tuple[str, int]]:
    """For the theorems of a file, by their index: the qualified name, and which one of that name it is, from 0."""
    seen: dict[str, int] = {}
    places: dict[int, tuple[str, int]] = {}
    for one in found:
        number = seen.get(one.qualified_name, 0)
        seen[one.qualified_name] = number + 1
        places[one.index] = (one.qualified_name, number)
    return places
