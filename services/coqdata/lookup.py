"""Finding the theorems of a file by what they are called."""

from collections.abc import Iterable

from coqdata.theorem import Theorem


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
