"""What differs between the releases of Coq, which is called Rocq from 9.0 on, as texts and names tell it."""

import re

STANDARD_ROOTS = ("Coq", "Stdlib", "Corelib")
"""The logical roots under which any release has its standard library."""

ALIAS = "Coq"
"""The root that Rocq 9 still reads, with a warning, and takes for `Stdlib` or `Corelib`."""

_ROCQ = (9,)


def version_numbers(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with, to be compared; what follows them, such as `+rc1`, is left out.

    >>> version_numbers("8.20.1"), version_numbers("9.3+rc1"), version_numbers("none")
    ((8, 20, 1), (9, 3), ())
    """
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def prover_name(version: tuple[int, ...]) -> str:
    """What the prover of a version calls itself: `Coq`, or from 9.0 on `Rocq`."""
    return "Rocq" if version >= _ROCQ else "Coq"


def standard_libraries(version: tuple[int, ...]) -> tuple[str, ...]:
    """The logical roots of its standard library, and then of what the prover itself brings beside it.

    The last one is that of `Init.Prelude`, which every file has.
    """
    return ("Stdlib", "Corelib") if version >= _ROCQ else ("Coq",)


def importing(library: str, version: str) -> str:
    """The sentence that imports a file of the standard library, as a release takes it without a warning.

    Args:
        library: such as `Lia`.
        version: of the release, such as `9.2`; of an unknown one the sentence is one that all take.

    >>> importing("Lia", "9.2"), importing("Lia", "")
    ('From Stdlib Require Import Lia.', 'From Coq Require Import Lia.')
    """
    return f"From {standard_libraries(version_numbers(version))[0]} Require Import {library}."


def other_roots(name: str, roots: tuple[str, ...] = STANDARD_ROOTS) -> list[str]:
    """What a name of the standard library is called in other releases; none where it is no such name.

    Rocq's `Stdlib` and `Corelib` are two libraries: neither is the other's alias.

    Args:
        name: a full name, of a library or of something in it, or a root alone.
        roots: those that there are.

    >>> other_roots("Coq.Lists.List"), other_roots("Stdlib.Lists.List", ("Coq",)), other_roots("Mine.Lists.List")
    (['Stdlib.Lists.List', 'Corelib.Lists.List'], ['Coq.Lists.List'], [])
    """
    root, dot, rest = name.partition(".")
    if root not in STANDARD_ROOTS:
        return []
    others = STANDARD_ROOTS[1:] if root == ALIAS else (ALIAS,)
    return [f"{other}{dot}{rest}" for other in others if other in roots]
